/** Owns what every seam between two workers shares: what is used of a Worker, and answers whose failure is a value. */
import type { WireError } from '../../shared/errors.ts';

/** What is used of a Worker. */
export interface WorkerHandle {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject): void;
  terminate(): void;
}

/** Comlink loses the code of a thrown error. */
export type Answer<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: WireError };
