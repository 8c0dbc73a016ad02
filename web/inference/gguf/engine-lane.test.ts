import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { plain, readAll, resultOf } from '../../../shared/testing/lane-acceptance.ts';
import { CACHE_BYTES_PER_TOKEN, answerLength, stage } from './engine-lane-stage.ts';

describe('engine lane', () => {
  it('reports what was proved, not what was asked', async () => {
    const { lane } = await stage();
    expect(lane.report).toMatchObject({
      lane: 'gguf',
      backend: 'wasm',
      evidence: 'no shader-f16: wasm, 2 threads; no chat template in the file, ChatML is used',
    });
  });

  it('renders the prompt, leaving BOS to the engine, and hands chunks on', async () => {
    const { lane, seen } = await stage();
    const chunks = await readAll(lane.generate(plain('a<|im_end|>', 4)));
    const prompt = '<|im_start|>user\na< |im_end|><|im_end|>\n<|im_start|>assistant\n';
    expect(seen.prompts).toEqual([prompt]);
    expect(chunks.slice(0, 3)).toEqual([
      { kind: 'progress', promptTokensDone: 0, promptTokens: 9 },
      { kind: 'delta', text: `${prompt.length} ` },
      { kind: 'delta', text: 'chars' },
    ]);
    expect(resultOf(chunks)).toMatchObject({
      text: `${prompt.length} chars`,
      finishReason: 'stop',
      promptTokens: 9,
      cachedTokens: 4,
      completionTokens: 2,
    });
  });

  it('never gives the engine two calls at once', async () => {
    const { lane, seen } = await stage();
    await Promise.all(
      Array.from({ length: 6 }, async (_, index) => readAll(lane.generate(plain(`${index}`, 4)))),
    );
    expect([seen.most, seen.prompts.length]).toEqual([1, 6]);
  });

  it('embeds in turn with what is written, beside the instance that writes', async () => {
    const { lane, seen } = await stage();
    const written = readAll(lane.generate(plain('a', 4)));
    expect(await lane.embed('a')).toEqual(Float32Array.of(0.6, 0.8));
    await written;
    expect([seen.most, seen.loads]).toEqual([1, 1]);
  });

  it('loads a fresh engine after one died, once for all who wait', async () => {
    let deaths = 1;
    const { lane, seen } = await stage({
      answer: (request, onChunk) => {
        if (deaths-- > 0) return Promise.reject(new Error('(ABORT) out of memory'));
        return answerLength(request, onChunk);
      },
    });
    const first = readAll(lane.generate(plain('a', 4)));
    const others = [1, 2].map(async () => readAll(lane.generate(plain('b', 4))));
    await expect(first).rejects.toMatchObject({ code: 'LaneDied' });
    await Promise.all(others);
    expect(seen.loads).toBe(2);
  });

  it.each([
    ['is born again on the GPU', (load: number) => load !== 0, [undefined, 4]],
    ['does not go on with the CPU', (load: number) => load === 1, ['DeviceLost', 2]],
  ])('%s after the GPU went away', async (_what, onGpu, [code, prompts]) => {
    let losses = 1;
    const { lane, seen, logs } = await stage({
      onGpu,
      answer: (request, onChunk) => {
        if (losses-- <= 0) return answerLength(request, onChunk);
        logs.at(-1)?.logger.debug('Device lost! Reason: 1');
        return Promise.reject(new Error('(ABORT) '));
      },
    });
    const ask = async (): Promise<unknown> =>
      readAll(lane.generate(plain('a', 4))).then(
        () => undefined,
        (error: AppError) => error.code,
      );
    expect(await ask()).toBe('DeviceLost');
    expect([await ask(), await ask(), await ask()]).toEqual([code, code, code]);
    expect(seen.prompts).toHaveLength(prompts === 4 ? 4 : 1);
  });

  it('gives memory back by a fresh engine once it has grown too much', async () => {
    // 7 tokens of each call are new to the cache.
    const { lane, seen } = await stage({ recycleAfterBytes: 15 * CACHE_BYTES_PER_TOKEN });
    const loads: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      await readAll(lane.generate(plain('a', 4)));
      loads.push(seen.loads);
    }
    expect(loads).toEqual([1, 1, 1, 2, 2]);
  });

  it('names an engine that ends without a result', async () => {
    const { lane } = await stage({ answer: () => Promise.resolve() });
    await expect(readAll(lane.generate(plain('a', 4)))).rejects.toMatchObject({ code: 'LaneDied' });
  });

  it('settles what runs and what waits when it is disposed', async () => {
    const { lane, seen } = await stage({ answer: () => new Promise(() => undefined) });
    const calls = [1, 2].map(async () => readAll(lane.generate(plain('a', 4))));
    const embedding = lane.embed('a');
    await lane.dispose();
    const outcomes = await Promise.allSettled([...calls, embedding]);
    expect(seen.embedderEnds).toBe(1);
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason)).toEqual([
      expect.objectContaining({ code: 'LaneDied' }),
      expect.objectContaining({ code: 'LaneDied' }),
      expect.objectContaining({ code: 'LaneDied' }),
    ]);
    await expect(lane.warmup()).rejects.toBeInstanceOf(AppError);
  });
});
