import { copyFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { createLogger } from '../../shared/log.ts';
import { startLlamaRig, type LlamaRig } from '../../e2e/models/llama-rig.ts';

/** Every process that evaluates anything is larger. */
const LEAST_BYTES = 50 * 2 ** 20;
const NEVER = new AbortController().signal;
let rig: LlamaRig;

beforeAll(async () => {
  rig = await startLlamaRig();
});
afterAll(() => rig.stop());

describe('the memory of a model', () => {
  it('stands in the log, the estimate beside what was really taken', async () => {
    const told = new Map<string, unknown>();
    const log = createLogger(({ event, fields }) => {
      told.set(event, fields['estimatedBytes'] ?? fields['mostResidentBytes']);
    }, systemClock);
    const backend = await rig.start({ log });
    const { memory } = await backend.open('random', NEVER);
    expect(memory).toMatchObject({ of: 'process' });
    expect(memory?.bytes).toBeGreaterThan(LEAST_BYTES);
    // It reports once a second.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await backend.dispose();
    expect(told.get('llama_memory')).toBeGreaterThan(LEAST_BYTES);
    expect(told.get('llama_model_open')).toBeGreaterThan(told.get('llama_memory') as number);
  });

  it('is refused by name where the machine cannot hold it, and what is open stays so', async () => {
    const huge = join(rig.folder, 'huge.gguf');
    await copyFile(rig.pathOf('random') ?? '', huge);
    await truncate(huge, 2 ** 40);
    const backend = await rig.start({
      shelf: { pathOf: (id) => (id === 'huge' ? huge : rig.pathOf(id)) },
      machine: { cores: 1, cpu: 'a test', memoryBytes: 2 ** 34 },
    });
    const { loadMs } = await backend.open('plumbing', NEVER);
    await expect(backend.open('huge', NEVER)).rejects.toMatchObject({
      code: 'ModelTooLarge',
      message: expect.stringContaining('of 16 GiB in the companion'),
    });
    // Another load would have taken another time.
    expect(await backend.open('plumbing', NEVER)).toMatchObject({ loadMs });
  });
});
