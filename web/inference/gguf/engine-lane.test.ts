import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { AppError } from '../../../shared/errors.ts';
import { CHATML_TEMPLATE } from '../../../shared/inference/chat-template.ts';
import type { InferenceLane } from '../../../shared/inference/lane.ts';
import { plain, readAll, resultOf } from '../../../shared/testing/lane-acceptance.ts';
import { Engine } from './engine.ts';
import { openEngineLane } from './engine-lane.ts';
import { createEngineLog, type EngineLog } from './engine-log.ts';
import { HeldAdapters } from './held-adapters.ts';
import { ggufReport } from './gguf-report.ts';
import type { AdapterBlob, RawChunk, RawCompletion, RawLoadSettings } from './raw-engine.ts';

const CACHE_BYTES_PER_TOKEN = 1_000;
/** An adapter that nobody has. */
const GONE = 'gone';

/** A lane on an engine that answers each prompt with its length, one word at a time; `answer` may replace that. */
async function stage(
  options: {
    readonly recycleAfterBytes?: number;
    /** Which loading of it puts the model on WebGPU; all others on the CPU. */
    readonly onGpu?: (load: number) => boolean;
    readonly answer?: (request: RawCompletion, onChunk: (chunk: RawChunk) => void) => Promise<void>;
    /** Adapters that do not fit on the model. */
    readonly misfits?: readonly string[];
    /** Adapters for which there is no memory at this loading. */
    readonly heavy?: (id: string, load: number) => boolean;
  } = {},
) {
  const seen: {
    loads: number;
    running: number;
    most: number;
    prompts: string[];
    embedderEnds: number;
    /** What each instance was loaded with. */
    loaded: string[];
    requests: RawCompletion[];
  } = {
    embedderEnds: 0,
    loaded: [],
    requests: [],
    loads: 0,
    running: 0,
    most: 0,
    prompts: [],
  };
  const raw = {
    load: (_file: Blob, { adapters = [] }: RawLoadSettings) => {
      seen.loads += 1;
      const ids = adapters.map(({ id }) => id);
      seen.loaded.push(ids.join(' '));
      const success = !ids.some((id) => options.misfits?.includes(id));
      if (!success) logs.at(-1)?.logger.error('failed to apply lora adapter');
      if (ids.some((id) => options.heavy?.(id, seen.loads))) {
        logs.at(-1)?.logger.error('failed to allocate buffer for lora adapter');
        return Promise.resolve({ success: false, contextTokens: 64, threads: 2, addsBos: true });
      }
      return Promise.resolve({ success, contextTokens: 64, threads: 2, addsBos: true });
    },
    complete: async (request: RawCompletion, onChunk: (chunk: RawChunk) => void) => {
      seen.prompts.push(request.prompt);
      seen.requests.push(request);
      seen.running += 1;
      seen.most = Math.max(seen.most, seen.running);
      try {
        await (options.answer ?? answerLength)(request, onChunk);
      } finally {
        seen.running -= 1;
      }
    },
    embed: () => Promise.reject(new Error('this instance writes')),
    exit: () => Promise.resolve(),
  };
  const embedder = {
    embed: async () => {
      seen.most = Math.max(seen.most, seen.running + 1);
      return Float32Array.of(0.6, 0.8);
    },
    end: () => void (seen.embedderEnds += 1),
  };
  const settings = { contextTokens: 64, batchTokens: 128, threads: 2, webgpu: false };
  const logs: EngineLog[] = [];
  const open = (adapters: readonly AdapterBlob[], signal: AbortSignal): Promise<Engine> => {
    const log = createEngineLog();
    logs.push(log);
    if (options.onGpu?.(logs.length) ?? false)
      for (const line of ['using device WebGPU', 'offloaded 4/4 layers to GPU']) log.logger.debug(line);
    const deps = { raw, log, clock: systemClock, stallMs: 10_000, loadTimeoutMs: 10_000 };
    return Engine.load(deps, new Blob(['x']), { ...settings, adapters }, signal);
  };
  const lane: InferenceLane = await openEngineLane(
    {
      openEngine: open,
      adapters: new HeldAdapters({
        clock: systemClock,
        obtain: (id) =>
          id === GONE
            ? Promise.reject(new AppError('AdapterNotFound', 'gone'))
            : Promise.resolve(new Blob(['0123456789'])),
      }),
      header: {
        chatTemplate: `{{ bos_token }}${CHATML_TEMPLATE}`,
        bosToken: '<s>',
        eosToken: '<|im_end|>',
        controlTokens: ['<|im_end|>'],
        cacheBytesPerToken: CACHE_BYTES_PER_TOKEN,
      },
      embedder,
      clock: systemClock,
      recycleAfterBytes: options.recycleAfterBytes ?? Number.POSITIVE_INFINITY,
      report: (engine) =>
        ggufReport(engine, {
          model: { name: 'm', sizeBytes: 1, starter: false },
          withoutWebgpu: 'no shader-f16',
          templateMissing: true,
        }),
    },
    new AbortController().signal,
  );
  return { lane, seen, logs };
}

async function answerLength(request: RawCompletion, onChunk: (chunk: RawChunk) => void): Promise<void> {
  onChunk({ choices: [{ text: '', finish_reason: null }], prompt_progress: { total: 9, processed: 0 } });
  await Promise.resolve();
  onChunk({ choices: [{ text: `${request.prompt.length} `, finish_reason: null }] });
  onChunk({ choices: [{ text: 'chars', finish_reason: null }] });
  const usage = { prompt_tokens: 9, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 4 } };
  onChunk({ choices: [{ text: '', finish_reason: 'stop' }], usage });
}

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

describe('engine lane with adapters', () => {
  const turn = (...ids: string[]) => ({
    ...plain('a', 4),
    adapters: ids.map((id) => ({ id, scale: 1 })),
  });

  it('loads the engine again for an adapter that it lacks, and only then', async () => {
    const { lane, seen } = await stage();
    for (const request of [turn(), turn('a'), turn(), turn('b'), turn('a'), turn('b', 'a')])
      await readAll(lane.generate(request));
    expect(seen.loaded).toEqual(['', 'a', 'a b']);
    expect(seen.requests.map(({ lora }) => lora?.map(({ scale }) => scale).join(' '))).toEqual([
      undefined,
      '1',
      '0',
      '0 1',
      '1 0',
      '1 1',
    ]);
  });

  it('uses again what it has read with one set, and warms up with it', async () => {
    const { lane, seen } = await stage();
    await readAll(lane.generate(turn('a')));
    await lane.warmup();
    await readAll(lane.generate(turn('a')));
    expect(seen.requests.map(({ cache_prompt }) => cache_prompt)).toEqual([undefined, undefined, undefined]);
    await lane.warmup(undefined, [{ role: 'user', content: 'the room' }]);
    await readAll(lane.generate(turn('a')));
    expect(seen.requests.slice(3).map(({ cache_prompt }) => cache_prompt)).toEqual([false, false]);
  });

  it('names what is gone or does not fit, tries a misfit once, and works on with what it had', async () => {
    const { lane, seen } = await stage({ misfits: ['wide'] });
    await readAll(lane.generate(turn('a')));
    await expect(readAll(lane.generate(turn(GONE)))).rejects.toMatchObject({ code: 'AdapterNotFound' });
    for (let round = 0; round < 2; round += 1)
      await expect(readAll(lane.generate(turn('wide')))).rejects.toMatchObject({ code: 'AdapterMismatch' });
    await readAll(lane.generate(turn('a')));
    await readAll(lane.generate(turn()));
    expect(seen.loaded).toEqual(['', 'a', 'a wide', 'a']);
  });

  it('tries one without memory once, and everybody else works on', async () => {
    const { lane, seen } = await stage({ heavy: (id) => id === 'heavy' });
    for (let round = 0; round < 3; round += 1) {
      await expect(readAll(lane.generate(turn('heavy')))).rejects.toMatchObject({
        code: 'ModelTooLarge',
        message: expect.stringContaining('adapter') as string,
      });
      await readAll(lane.generate(turn()));
    }
    expect(seen.loaded).toEqual(['', 'heavy', '']);
  });

  it('ends no turn for the adapter of another that cannot be loaded again', async () => {
    let deaths = 1;
    const { lane, seen } = await stage({
      heavy: (id, load) => id === 'a' && load > 2,
      answer: (request, onChunk) =>
        seen.requests.length === 2 && deaths-- > 0
          ? Promise.reject(new Error('(ABORT) out of bounds'))
          : answerLength(request, onChunk),
    });
    await readAll(lane.generate(turn('a')));
    await expect(readAll(lane.generate(turn()))).rejects.toMatchObject({ code: 'LaneDied' });
    await readAll(lane.generate(turn()));
    await readAll(lane.generate(turn()));
    expect(seen.loaded).toEqual(['', 'a', 'a', '']);
  });

  it('names what is wrong with an adapter also after the GPU went away, and finds the GPU again', async () => {
    let losses = 1;
    const { lane, logs } = await stage({
      onGpu: () => true,
      misfits: ['wide'],
      answer: (request, onChunk) => {
        if (losses-- <= 0) return answerLength(request, onChunk);
        logs.at(-1)?.logger.debug('Device lost! Reason: 1');
        return Promise.reject(new Error('(ABORT) '));
      },
    });
    await expect(readAll(lane.generate(turn()))).rejects.toMatchObject({ code: 'DeviceLost' });
    await expect(readAll(lane.generate(turn('wide')))).rejects.toMatchObject({ code: 'AdapterMismatch' });
    await readAll(lane.generate(turn()));
  });

  it('is born again with what it had', async () => {
    let deaths = 1;
    const { lane, seen } = await stage({
      answer: (request, onChunk) =>
        seen.requests.length === 2 && deaths-- > 0
          ? Promise.reject(new Error('(ABORT) out of memory'))
          : answerLength(request, onChunk),
    });
    await readAll(lane.generate(turn('a')));
    await expect(readAll(lane.generate(turn()))).rejects.toMatchObject({ code: 'LaneDied' });
    await readAll(lane.generate(turn()));
    expect(seen.loaded).toEqual(['', 'a', 'a']);
  });
});
