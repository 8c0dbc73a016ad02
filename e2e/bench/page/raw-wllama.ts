/** Owns wllama without anything of ours around it: the peer of the lane, on the same file with the same settings. */
import { Wllama } from '@wllama/wllama/esm/index.js';
import wasmUrl from '@wllama/wllama/esm/wasm/wllama.wasm?url';
import type { GenerateRequest } from '../../../shared/inference/generate.ts';
import { createPromptRenderer, type RenderPrompt } from '../../../shared/inference/model-prompt.ts';
import { rawCompletion } from '../../../web/inference/gguf/completion.ts';
import { headerOf } from '../../../web/inference/models/file-header.ts';
import type { TimedTurn } from '../timed-turn.ts';

export interface RawSettings {
  readonly contextTokens: number;
  /** Requests that the engine takes at once; one more is lost. */
  readonly parallel: number;
}

/** As the lane has it in wasm. */
const BATCH_TOKENS = 128;
const SILENT = () => undefined;

export class RawWllama {
  readonly #wllama: Wllama;
  readonly #render: RenderPrompt;

  private constructor(wllama: Wllama, render: RenderPrompt) {
    this.#wllama = wllama;
    this.#render = render;
  }

  static async open(path: string, { contextTokens, parallel }: RawSettings): Promise<RawWllama> {
    const file = await (await fetch(path)).blob();
    const logger = { debug: SILENT, log: SILENT, warn: SILENT, error: SILENT };
    const wllama = new Wllama({ default: wasmUrl }, { logger });
    wllama.setCompat(null);
    await wllama.loadModel([file], {
      n_ctx: contextTokens,
      n_batch: BATCH_TOKENS,
      n_ubatch: BATCH_TOKENS,
      n_threads: 1,
      n_gpu_layers: 0,
      n_parallel: parallel,
      flash_attn: false,
      ctx_shift: false,
      warmup: false,
    });
    return new RawWllama(wllama, createPromptRenderer(await headerOf(file), wllama.mustAddBosToken()));
  }

  /** The prompt is rendered before the clock starts, unless the request was due before. */
  async ask(request: GenerateRequest, signal: AbortSignal, dueMs?: number): Promise<TimedTurn> {
    const completion = rawCompletion(this.#render(request.messages), request);
    const startMs = dueMs ?? performance.now();
    let text = '';
    let firstMs: number | undefined;
    let usage: { prompt_tokens: number; completion_tokens: number } | undefined;
    await this.#wllama.createCompletion({
      ...completion,
      stream: true,
      abortSignal: signal,
      onData: (chunk) => {
        const piece = chunk.choices[0]?.text ?? '';
        if (piece !== '') firstMs ??= performance.now() - startMs;
        text += piece;
        usage = chunk.usage ?? usage;
      },
    });
    const totalMs = performance.now() - startMs;
    if (firstMs === undefined || !usage) throw new Error('The bare engine gave no text.');
    return { firstMs, totalMs, promptTokens: usage.prompt_tokens, tokens: usage.completion_tokens, text };
  }

  async close(): Promise<void> {
    await this.#wllama.exit();
  }
}
