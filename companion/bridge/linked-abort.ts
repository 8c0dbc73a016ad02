/** Owns signals of short work under a long-lived one. */

export interface LinkedAbort {
  readonly signal: AbortSignal;
  readonly abort: (reason: unknown) => void;
  /** The work is over: the parent forgets it. */
  readonly release: () => void;
}

/**
 * Aborts with `parent`, or by itself. Not `AbortSignal.any`: on Node 20 the parent keeps what that makes for as long as
 * it lives, 1.3 KB a call where a listener stays behind (measured 2026-11-24 on 20.20: 63 MB per 50,000 calls), and a
 * socket lives for days.
 */
export function linkedAbort(parent: AbortSignal): LinkedAbort {
  const controller = new AbortController();
  const follow = (): void => {
    controller.abort(parent.reason);
  };
  if (parent.aborted) follow();
  else parent.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => {
      controller.abort(reason);
    },
    release: () => {
      parent.removeEventListener('abort', follow);
    },
  };
}
