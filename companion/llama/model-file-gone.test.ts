import { copyFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLlamaRig, type LlamaRig } from '../../e2e/models/llama-rig.ts';
import { NEXT_STEP, type AppError } from '../../shared/errors.ts';
import type { GenerateResult } from '../../shared/inference/generate.ts';
import { plain } from '../../shared/testing/lane-acceptance.ts';
import type { LlamaBackend } from './backend.ts';

const NEVER = new AbortController().signal;
let rig: LlamaRig;
beforeAll(async () => {
  rig = await startLlamaRig();
});
afterAll(() => rig.stop());

/** `mine` is a file of its own, loaded and thought with. */
async function stage(name: string) {
  const mine = join(rig.folder, name);
  await copyFile(rig.pathOf('random') ?? '', mine);
  const backend = await rig.start({ shelf: { pathOf: (id) => (id === 'mine' ? mine : rig.pathOf(id)) } });
  const before = await answer(backend, 'mine');
  return { mine, backend, before };
}

async function answer(backend: LlamaBackend, id: string): Promise<GenerateResult> {
  for await (const chunk of backend.generate(id, plain('Hello', 8), NEVER))
    if (chunk.kind === 'done') return chunk.result;
  throw new Error('no result');
}

async function failure(work: Promise<unknown>): Promise<AppError> {
  return work.then(
    () => {
      throw new Error('It did not fail.');
    },
    (error: AppError) => error,
  );
}

describe('a model file of the companion', () => {
  it('that is deleted while it is thought with: thinks on, is named where it is loaded again, and is mended', async () => {
    const { mine, backend, before } = await stage('deleted.gguf');
    await rm(mine);
    expect((await answer(backend, 'mine')).text).toBe(before.text);
    // Another model takes its place in memory.
    await answer(backend, 'plumbing');
    const gone = await failure(answer(backend, 'mine'));
    expect(gone).toMatchObject({ code: 'ModelNotFound', message: expect.stringContaining(mine) as string });
    expect(gone.nextStep).toBe(NEXT_STEP.ModelNotFound);
    // What works goes on working.
    await answer(backend, 'plumbing');
    await copyFile(rig.pathOf('random') ?? '', mine);
    expect((await answer(backend, 'mine')).text).toBe(before.text);
  });

  it('that is cut while it is thought with: its engine dies by name, and then the file is named', async () => {
    const { mine, backend } = await stage('cut-later.gguf');
    await truncate(mine, 100_000);
    expect(await failure(answer(backend, 'mine'))).toMatchObject({ code: 'LaneDied' });
    expect(await failure(answer(backend, 'mine'))).toMatchObject({ code: 'ModelTruncated' });
    await answer(backend, 'plumbing');
  });
});
