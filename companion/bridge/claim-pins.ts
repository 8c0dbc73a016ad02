/** Owns which key belongs to which peer id on this machine, from the first claim on. */
import type { Uuid } from '../../shared/airc/model.ts';
import { AppError } from '../../shared/errors.ts';

/** Far above the personas of one machine; a paired page that mints identities must not fill the disk. */
export const MAX_PINS = 4096;

/** Base64url public key per peer id. */
export type PinTable = ReadonlyMap<Uuid, string>;

export class ClaimPins {
  readonly #pins: Map<Uuid, string>;
  readonly #save: (pins: PinTable) => Promise<void>;
  #lastSave: Promise<void> = Promise.resolve();

  /** `save` puts the whole table on disk, or rejects and leaves the old one. */
  constructor(stored: PinTable, save: (pins: PinTable) => Promise<void>) {
    this.#pins = new Map(stored);
    this.#save = save;
  }

  /**
   * Resolves once `publicKey` is the pinned key of `peerId` and the pin is on disk. Rejects with `ClaimInvalid` when
   * another key is pinned, or with what the disk refuses with.
   */
  async ensure(peerId: Uuid, publicKey: string): Promise<void> {
    const pin = this.#lastSave.then(
      () => this.#pin(peerId, publicKey),
      () => this.#pin(peerId, publicKey),
    );
    this.#lastSave = pin;
    await pin;
  }

  /** One at a time, so that of two first claims exactly one pins. */
  async #pin(peerId: Uuid, publicKey: string): Promise<void> {
    const pinned = this.#pins.get(peerId);
    if (pinned === publicKey) return;
    if (pinned !== undefined) {
      throw new AppError('ClaimInvalid', 'This identity was claimed here before with another key.');
    }
    if (this.#pins.size >= MAX_PINS) {
      throw new AppError('ClaimInvalid', `${MAX_PINS} identities are known here; no more are taken.`);
    }
    await this.#save(new Map([...this.#pins, [peerId, publicKey]]));
    this.#pins.set(peerId, publicKey);
  }
}
