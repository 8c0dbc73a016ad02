/** Owns the person's token for gated models: kept on disk, added to requests by the companion, never told whole. */
import { gatedOffer, type GatedOffer } from '../../shared/bridge/gated.ts';

export class GatedToken {
  #token: string | undefined;
  readonly #save: (token: string | undefined) => Promise<void>;
  #last: Promise<unknown> = Promise.resolve();

  /** `save` replaces what is on disk, or removes it; it rejects and leaves the old one. */
  constructor(stored: string | undefined, save: (token: string | undefined) => Promise<void>) {
    this.#token = stored;
    this.#save = save;
  }

  /** Undefined while there is none. */
  offer(): GatedOffer | undefined {
    return this.#token === undefined ? undefined : gatedOffer(this.#token);
  }

  /** The header's value; for the request to the token's own host alone. */
  authorization(): string | undefined {
    return this.#token === undefined ? undefined : `Bearer ${this.#token}`;
  }

  /** Resolves when it is on disk. */
  async set(token: string): Promise<GatedOffer> {
    await this.#change(token);
    return gatedOffer(token);
  }

  forget(): Promise<void> {
    return this.#change(undefined);
  }

  /** One after another: disk and memory tell the same. */
  #change(token: string | undefined): Promise<void> {
    const change = this.#last.then(async () => {
      await this.#save(token);
      this.#token = token;
    });
    this.#last = change.catch(() => undefined);
    return change;
  }
}
