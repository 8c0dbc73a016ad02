/** Owns the smallest publish/subscribe there is: several listeners, delivery at once and in order. */

export interface Topic<T> {
  /** Returns the disposer. */
  subscribe(listener: (value: T) => void): () => void;
  publish(value: T): void;
}

export function createTopic<T>(): Topic<T> {
  const listeners = new Set<(value: T) => void>();
  return {
    subscribe: (listener) => {
      // Wrapped, so that one function subscribed twice is two subscriptions.
      const own = (value: T): void => {
        listener(value);
      };
      listeners.add(own);
      return () => {
        listeners.delete(own);
      };
    },
    publish: (value) => {
      // A snapshot: a listener added by a listener hears the next value, not this one.
      for (const listener of Array.from(listeners)) listener(value);
    },
  };
}
