/** Owns that one slot is changed by one caller at a time, in the order they came. */

export class SlotLock {
  #last: Promise<unknown> = Promise.resolve();

  async run<T>(change: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(change);
    // The next one waits for the end of this one, however it ends.
    this.#last = mine.catch((_told: unknown) => undefined);
    return mine;
  }
}
