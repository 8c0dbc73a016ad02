/** Owns a stand-in of the engine under the real lane, for the lane's tests. */
import { systemClock } from '../../../shared/clock.ts';
import { AppError } from '../../../shared/errors.ts';
import { CHATML_TEMPLATE } from '../../../shared/inference/chat-template.ts';
import type { InferenceLane } from '../../../shared/inference/lane.ts';
import { Engine } from './engine.ts';
import { openEngineLane } from './engine-lane.ts';
import { createEngineLog, type EngineLog } from './engine-log.ts';
import { HeldAdapters } from './held-adapters.ts';
import { ggufReport } from './gguf-report.ts';
import type { AdapterBlob, RawChunk, RawCompletion, RawLoadSettings } from './raw-engine.ts';

export const CACHE_BYTES_PER_TOKEN = 1_000;
/** An adapter that nobody has. */
export const GONE = 'gone';

/** A lane on an engine that answers each prompt with its length, one word at a time; `answer` may replace that. */
export async function stage(
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

export async function answerLength(
  request: RawCompletion,
  onChunk: (chunk: RawChunk) => void,
): Promise<void> {
  onChunk({ choices: [{ text: '', finish_reason: null }], prompt_progress: { total: 9, processed: 0 } });
  await Promise.resolve();
  onChunk({ choices: [{ text: `${request.prompt.length} `, finish_reason: null }] });
  onChunk({ choices: [{ text: 'chars', finish_reason: null }] });
  const usage = { prompt_tokens: 9, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 4 } };
  onChunk({ choices: [{ text: '', finish_reason: 'stop' }], usage });
}
