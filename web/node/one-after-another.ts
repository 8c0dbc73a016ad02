/** Owns letting pieces of work follow one another, whoever asks for them. */

/** The returned function starts each work when the one before has ended, well or badly; it settles as the work does. */
export function oneAfterAnother(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch((_told: unknown) => undefined);
    return mine;
  };
}
