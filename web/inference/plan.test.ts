import { describe, expect, it } from 'vitest';
import { planLane } from './plan.ts';
import { probeDevice, type DeviceProbe } from './probe.ts';

const GPU: DeviceProbe = {
  webgpu: 'shader-f16',
  wasm: true,
  jspi: true,
  crossOriginIsolated: true,
  cores: 6,
};
const NO_GPU: DeviceProbe = { ...GPU, webgpu: 'no shader-f16' };
const BY_START = {
  tab: { lane: 'gguf', by: 'start' },
  companion: { lane: 'companion', by: 'start' },
} as const;
const BY_PERSON = {
  tab: { lane: 'gguf', by: 'person' },
  companion: { lane: 'companion', by: 'person' },
} as const;
const there = { available: true, reason: 'ready' };
const gone = { available: false, reason: 'no prebuilt engine' };

describe('lane plan', () => {
  it.each([
    [GPU, there, { lane: 'gguf', threads: 1 }],
    [NO_GPU, there, { lane: 'companion' }],
    [{ ...GPU, jspi: false }, there, { lane: 'companion' }],
    [NO_GPU, gone, { lane: 'gguf', threads: 5, withoutWebgpu: 'no shader-f16' }],
    [{ ...NO_GPU, crossOriginIsolated: false }, gone, { lane: 'gguf', threads: 1 }],
    [{ ...NO_GPU, cores: 64 }, gone, { lane: 'gguf', threads: 8 }],
  ])('chooses by itself: %o, companion %o', (probe, companionLane, expected) => {
    expect(planLane({ probe, companionLane })).toMatchObject(expected);
  });

  it('leaves a GPU that went away too often, where the companion can go on', () => {
    const lost = { probe: GPU, isGpuLost: true };
    expect(planLane({ ...lost, companionLane: there })).toMatchObject({
      lane: 'companion',
      reason: expect.stringContaining('the GPU went away twice'),
    });
    expect(planLane({ ...lost, companionLane: gone }).lane).toBe('gguf');
    expect(planLane({ ...lost, companionLane: there, asked: BY_START.tab }).lane).toBe('gguf');
  });

  it('says why in words', () => {
    expect(planLane({ probe: NO_GPU, companionLane: there }).reason).toBe(
      'In the companion: WebGPU here lacks shader-f16.',
    );
    expect(planLane({ probe: { ...NO_GPU, webgpu: 'no WebGPU' }, companionLane: gone }).reason).toContain(
      'no prebuilt engine',
    );
  });

  it('takes a forced lane or refuses it, and never another', () => {
    expect(planLane({ probe: NO_GPU, companionLane: there, asked: BY_START.tab })).toMatchObject({
      lane: 'gguf',
      withoutWebgpu: 'no shader-f16',
    });
    expect(planLane({ probe: GPU, companionLane: there, asked: BY_START.companion })).toMatchObject({
      lane: 'companion',
    });
    expect(() => planLane({ probe: GPU, companionLane: gone, asked: BY_START.companion })).toThrow(
      'no prebuilt engine',
    );
    expect(() =>
      planLane({ probe: { ...GPU, jspi: false }, companionLane: there, asked: BY_START.tab }),
    ).toThrow('JSPI');
  });

  it('goes where the person chose, and says so', () => {
    const here = { probe: NO_GPU, companionLane: there };
    expect(planLane({ ...here, asked: BY_PERSON.tab }).reason).toBe(
      'In this tab on the CPU (WebGPU here lacks shader-f16), as you chose.',
    );
    expect(planLane({ ...here, asked: BY_PERSON.companion }).reason).toBe('In the companion, as you chose.');
    expect(() => planLane({ ...here, companionLane: gone, asked: BY_PERSON.companion })).toThrow(
      'in the companion: no prebuilt engine',
    );
  });

  it('thinks with a compiled model in the tab, and nowhere else', () => {
    const mlc = { library: 'l.wasm', contextTokens: 512, needsF16: false };
    const here = { probe: GPU, companionLane: there, mlc };
    expect(planLane(here).lane).toBe('mlc');
    expect(planLane({ ...here, asked: BY_PERSON.tab }).lane).toBe('mlc');
    for (const asked of [BY_PERSON.companion, BY_START.companion, BY_START.tab])
      expect(() => planLane({ ...here, asked })).toThrow('compiled for web-llm in the tab');
  });

  it('names everything it tried when nothing serves', () => {
    const plan = (): unknown => planLane({ probe: { ...GPU, wasm: false }, companionLane: gone });
    expect(plan).toThrow(expect.objectContaining({ code: 'NoLane' }) as Error);
    expect(plan).toThrow(/WebAssembly.*no prebuilt engine/);
  });
});

describe('device probe', () => {
  const scope = (gpu?: unknown, deviceMemory?: number) => ({
    navigator: {
      hardwareConcurrency: 4,
      ...(gpu === undefined ? {} : { gpu: gpu as GPU }),
      ...(deviceMemory && { deviceMemory }),
    },
    crossOriginIsolated: true,
    WebAssembly,
  });
  const adapter = (...features: string[]) => ({
    requestAdapter: () =>
      Promise.resolve({
        features: new Set(features),
        info: { vendor: 'acme', architecture: 'gen-1', device: '', description: '' },
        limits: { maxBufferSize: 2 ** 31, maxStorageBufferBindingSize: 2 ** 27 },
      }),
  });

  it.each([
    [undefined, 'no WebGPU'],
    [{ requestAdapter: () => Promise.resolve(null) }, 'no adapter'],
    [{ requestAdapter: () => Promise.reject(new Error('GPU process crashed')) }, 'no adapter'],
    [adapter('timestamp-query'), 'no shader-f16'],
    [adapter('shader-f16'), 'shader-f16'],
  ])('%o → %s', async (gpu, expected) => {
    expect(await probeDevice(scope(gpu))).toMatchObject({ webgpu: expected, cores: 4 });
  });

  it('tells the memory and the largest piece for the GPU from one question', async () => {
    let asked = 0;
    const gpu = {
      requestAdapter: () => {
        asked += 1;
        return adapter('shader-f16').requestAdapter();
      },
    };
    expect(await probeDevice(scope(gpu, 4))).toMatchObject({
      memoryBytes: 2 ** 32,
      maxBufferBytes: 2 ** 27,
      adapter: 'acme gen-1',
    });
    expect(asked).toBe(1);
    const silent = await probeDevice(scope());
    expect(silent).not.toHaveProperty('memoryBytes');
    expect(silent).not.toHaveProperty('maxBufferBytes');
  });
});
