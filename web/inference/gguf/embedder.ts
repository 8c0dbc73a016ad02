/**
 * Owns the second instance of a model in the tab, the one that embeds: loaded when it is first asked, ended when nobody
 * asks any more.
 *
 * The instance that writes could embed, too, and as fast; but one slot holds one text, so every embedding would throw
 * the evaluated conversation out of it, and a text may not be longer than its small batch.
 */
import type { Clock } from '../../../shared/clock.ts';
import { AppError } from '../../../shared/errors.ts';
import { requireEmbeddable, unitVector } from '../../../shared/inference/embedding.ts';
import { createDefuser } from '../../../shared/inference/model-prompt.ts';
import type { Engine } from './engine.ts';

export interface EmbedderDeps {
  /** Loads an instance with a pooling. */
  openEngine(signal: AbortSignal): Promise<Engine>;
  readonly sizeBytes: number;
  readonly controlTokens: readonly string[];
  readonly clock: Clock;
}

/** Both instances hold all weights, and the tab is not alone on the machine. */
export const MAX_TWICE_HELD_BYTES = 1024 * 1024 * 1024;
/** A room that talks asks again within this time. */
export const EMBEDDER_IDLE_MS = 120_000;

export class Embedder {
  readonly #deps: EmbedderDeps;
  readonly #defuse: (text: string) => string;
  #engine: Engine | undefined;
  #cancelEnd: () => void = () => undefined;

  constructor(deps: EmbedderDeps) {
    this.#deps = deps;
    this.#defuse = createDefuser(deps.controlTokens);
  }

  /** One at a time. The vector has length 1. */
  async embed(text: string, signal: AbortSignal): Promise<Float32Array> {
    requireEmbeddable(text);
    const { sizeBytes, clock } = this.#deps;
    if (sizeBytes > MAX_TWICE_HELD_BYTES)
      throw new AppError('EmbeddingsUnsupported', 'The model is too large to be held twice in this tab.');
    this.#cancelEnd();
    try {
      if (!this.#engine || this.#engine.ended) this.#engine = await this.#deps.openEngine(signal);
      return unitVector(await this.#engine.embed(this.#defuse(text), signal));
    } finally {
      this.#cancelEnd = clock.after(EMBEDDER_IDLE_MS, () => {
        this.end(new AppError('LaneDied', 'The engine that embeds was not needed any more.'));
      });
    }
  }

  /** Safe to call again; the next embedding loads a fresh instance. */
  end(reason: AppError): void {
    this.#cancelEnd();
    this.#engine?.end(reason);
    this.#engine = undefined;
  }
}
