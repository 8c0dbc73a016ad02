/** Owns the one-number form of a cursor that airc's command line prints and takes. */

const COUNTER_BITS = 40n;
const COUNTER_MASK = (1n << COUNTER_BITS) - 1n;

/** Epoch above, the counter's low 40 bits below; beyond 2^53 as soon as the epoch is. */
export function toLamport(position: { readonly epoch: number; readonly counter: number }): bigint {
  return (BigInt(position.epoch) << COUNTER_BITS) | (BigInt(position.counter) & COUNTER_MASK);
}

export function fromLamport(lamport: bigint): { readonly epoch: number; readonly counter: number } {
  return { epoch: Number(lamport >> COUNTER_BITS), counter: Number(lamport & COUNTER_MASK) };
}
