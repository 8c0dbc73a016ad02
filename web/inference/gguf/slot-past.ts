/** Owns what the engine may use again of what it has read: only what was read with the same adapters. */
import { adapterSetName, type AdapterUse } from '../../../shared/inference/genome/adapters.ts';
import type { RawCompletion } from './raw-engine.ts';

type AdapterFields = Pick<RawCompletion, 'lora' | 'cache_prompt'>;

/**
 * llama.cpp clears its slot when the adapters change, but not its cache of past prompts, which knows nothing of adapters:
 * a prompt that was read with one comes back for another, also on an instance that does one call after the other and was
 * loaded by every rule that is known (11 of 32 answers wrong, wllama 3.8.1, `e2e/lanes/gguf-adapters.test.ts`; upstream:
 * ggml-org/llama.cpp#26207). Nothing empties that cache. So an instance that has read with a second set uses nothing again.
 */
export class SlotPast {
  readonly #ids: readonly string[];
  #last: readonly AdapterUse[] = [];
  #onlySet: string | undefined;
  #isMixed = false;

  /** `ids`: the adapters of the instance, in the order of their loading. */
  constructor(ids: readonly string[]) {
    this.#ids = ids;
  }

  /** What was read last was read with these. */
  get last(): readonly AdapterUse[] {
    return this.#last;
  }

  /** For a completion with these adapters, all of them loaded and none at 0. */
  fields(uses: readonly AdapterUse[]): AdapterFields {
    const set = adapterSetName(uses);
    this.#onlySet ??= set;
    this.#isMixed ||= set !== this.#onlySet;
    this.#last = uses;
    return { ...this.probeFields(), ...(this.#isMixed && { cache_prompt: false }) };
  }

  /** For a completion of which nothing is read: a call that names no adapters would pass off the slot as the model's alone. */
  probeFields(): AdapterFields {
    if (this.#ids.length === 0) return {};
    return {
      lora: this.#ids.map((id, at) => ({
        id: at,
        scale: this.#last.find((use) => use.id === id)?.scale ?? 0,
      })),
    };
  }
}
