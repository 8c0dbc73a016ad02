import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLlamaRig, type LlamaRig } from '../../e2e/models/llama-rig.ts';
import { systemClock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { GenerateChunk } from '../../shared/inference/generate.ts';
import { createLogger } from '../../shared/log.ts';
import { plain } from '../../shared/testing/lane-acceptance.ts';
import type { LlamaBackend } from './backend.ts';

const NEVER = new AbortController().signal;
const UNLOADED = 'info llama_child_ended';
let rig: LlamaRig;
beforeAll(async () => {
  rig = await startLlamaRig();
});
afterAll(() => rig.stop());

async function setUp(): Promise<{ backend: LlamaBackend; lines: string[] }> {
  const lines: string[] = [];
  const log = createLogger(({ level, event }) => lines.push(`${level} ${event}`), systemClock);
  const backend = await rig.start({ log });
  await backend.open('plumbing', NEVER);
  return { backend, lines };
}

async function tokensOf(stream: AsyncIterable<GenerateChunk>): Promise<number> {
  for await (const chunk of stream) if (chunk.kind === 'done') return chunk.result.completionTokens;
  throw new Error('no result');
}

describe('a model that several hold', () => {
  it('is given back when the last one lets go, and loaded again when it is asked', async () => {
    const { backend, lines } = await setUp();
    const [mine, another] = [backend.hold('plumbing'), backend.hold('plumbing')];
    mine();
    mine();
    await backend.countPromptTokens('plumbing', [{ role: 'user', content: 'x' }], NEVER);
    expect(lines).not.toContain(UNLOADED);
    another();
    await expect.poll(() => lines).toContain(UNLOADED);
    expect(await tokensOf(backend.generate('plumbing', plain('Hello', 4), NEVER))).toBe(4);
  });

  it('is given back once the work that was stopped has ended', async () => {
    const { backend, lines } = await setUp();
    const letGo = backend.hold('plumbing');
    const stop = new AbortController();
    const running = tokensOf(backend.generate('plumbing', plain('Say a lot. '.repeat(300), 64), stop.signal));
    stop.abort(new AppError('Aborted', 'freed'));
    letGo();
    expect(lines).not.toContain(UNLOADED);
    await expect(running).rejects.toMatchObject({ code: 'Aborted' });
    await expect.poll(() => lines).toContain(UNLOADED);
  });

  it('stays for whoever never held it', async () => {
    const { backend, lines } = await setUp();
    backend.hold('random')();
    await tokensOf(backend.generate('plumbing', plain('Hello', 4), NEVER));
    expect(lines).not.toContain(UNLOADED);
  });
});
