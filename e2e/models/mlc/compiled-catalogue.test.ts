import { prebuiltAppConfig } from '@mlc-ai/web-llm';
import { describe, expect, it } from 'vitest';
import { COMPILED_MODELS } from '../../../shared/models/compiled-catalogue.ts';
import { isAllowedHost } from '../../../shared/models/hosts.ts';

const MIB = 1024 * 1024;

describe('the catalogue of compiled models', () => {
  it.each(COMPILED_MODELS)('has $name as the installed web-llm lists it, in both builds', (model) => {
    for (const { address, library, gpuBytes } of [model.f16, model.f32]) {
      const listed = prebuiltAppConfig.model_list.find((each) => each.model === address);
      expect(listed).toMatchObject({
        model_lib: library,
        overrides: { context_window_size: model.contextTokens },
      });
      expect(Math.round((listed?.vram_required_MB ?? 0) * MIB)).toBe(gpuBytes);
      for (const url of [address, library]) expect(isAllowedHost(url, [])).toBe(true);
    }
    expect([model.f16.address, model.f32.address].map((url) => /q4f(16|32)_1/.exec(url)?.[1])).toEqual([
      '16',
      '32',
    ]);
  });
});
