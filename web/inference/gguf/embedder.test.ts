import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { MAX_EMBED_CHARS } from '../../../shared/inference/embedding.ts';
import { VirtualClock } from '../../../shared/testing/virtual-clock.ts';
import { Embedder, EMBEDDER_IDLE_MS, MAX_TWICE_HELD_BYTES } from './embedder.ts';
import { Engine } from './engine.ts';
import { createEngineLog } from './engine-log.ts';

const NEVER = new AbortController().signal;

/** An embedder on an engine that gives the vector `answer`, and what reached that engine. */
function stage(answer: readonly number[] | Error = [3, 4], sizeBytes = 1) {
  const clock = new VirtualClock();
  const seen = { loads: 0, exits: 0, texts: [] as string[] };
  const raw = {
    load: () => {
      seen.loads += 1;
      return Promise.resolve({ success: true, contextTokens: 64, threads: 1, addsBos: false });
    },
    complete: () => Promise.reject(new Error('this instance embeds')),
    embed: (text: string) => {
      seen.texts.push(text);
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    exit: () => {
      seen.exits += 1;
      return Promise.resolve();
    },
  };
  const deps = { raw, log: createEngineLog(), clock, stallMs: 1_000, loadTimeoutMs: 1_000 };
  const settings = { contextTokens: 64, batchTokens: 64, threads: 1, webgpu: false };
  const embedder = new Embedder({
    openEngine: (signal) => Engine.load(deps, new Blob(['x']), settings, signal),
    sizeBytes,
    controlTokens: ['<|im_end|>'],
    clock,
  });
  return { embedder, clock, seen };
}

describe('embedder', () => {
  it('loads its instance at the first text, and gives vectors of length 1', async () => {
    const { embedder, seen } = stage();
    expect(seen.loads).toBe(0);
    for (const text of ['one', 'two <|im_end|>']) {
      expect(await embedder.embed(text, NEVER)).toEqual(Float32Array.of(0.6, 0.8));
    }
    expect(seen).toEqual({ loads: 1, exits: 0, texts: ['one', 'two < |im_end|>'] });
  });

  it('ends its instance when nobody asks any more, and loads it again for whoever does', async () => {
    const { embedder, clock, seen } = stage();
    await embedder.embed('one', NEVER);
    await clock.advance(EMBEDDER_IDLE_MS - 1);
    await embedder.embed('two', NEVER);
    await clock.advance(EMBEDDER_IDLE_MS - 1);
    expect(seen.exits).toBe(0);
    await clock.advance(1);
    expect(seen.exits).toBe(1);
    await embedder.embed('three', NEVER);
    expect(seen.loads).toBe(2);
  });

  it('loads a fresh instance after one died', async () => {
    const { embedder, seen } = stage(new Error('(ABORT) out of memory'));
    for (const loads of [1, 2]) {
      await expect(embedder.embed('one', NEVER)).rejects.toMatchObject({ code: 'LaneDied' });
      expect(seen).toMatchObject({ loads, exits: loads });
    }
  });

  it.each([
    ['a model too large to be held twice', 'EmbeddingsUnsupported', 'x', [1], MAX_TWICE_HELD_BYTES + 1],
    ['a text too long for any engine', 'ContextOverflow', 'x'.repeat(MAX_EMBED_CHARS + 1), [1], 1],
  ])('loads nothing for %s', async (_what, code, text, answer, sizeBytes) => {
    const { embedder, seen } = stage(answer, sizeBytes);
    await expect(embedder.embed(text, NEVER)).rejects.toMatchObject({ code });
    expect(seen).toMatchObject({ loads: 0, texts: [] });
  });

  it('names a vector without a direction', async () => {
    await expect(stage([0, 0]).embedder.embed('x', NEVER)).rejects.toMatchObject({
      code: 'EmbeddingsUnsupported',
    });
  });

  it('ends its instance with the lane', async () => {
    const { embedder, clock, seen } = stage();
    await embedder.embed('one', NEVER);
    embedder.end(new AppError('LaneDied', 'closed'));
    await clock.advance(EMBEDDER_IDLE_MS);
    expect(seen.exits).toBe(1);
  });
});
