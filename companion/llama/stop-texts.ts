/** Owns ending a text at a stop text that may arrive in pieces: what could still become one is held back. */

export interface StopTexts {
  /** The part of the text so far that can be shown now. */
  push(piece: string): string;
  /** What was held back, once the text is over. */
  rest(): string;
  /** True from the moment a stop text was found; it and what follows are never shown. */
  readonly stopped: boolean;
}

export function createStopTexts(stops: readonly string[]): StopTexts {
  const wanted = stops.filter((stop) => stop !== '');
  let held = '';
  let stopped = false;
  const release = (length: number): string => {
    const shown = held.slice(0, length);
    held = held.slice(length);
    return shown;
  };
  return {
    get stopped() {
      return stopped;
    },
    push: (piece) => {
      if (stopped) return '';
      held += piece;
      const found = wanted.map((stop) => held.indexOf(stop)).filter((at) => at >= 0);
      if (found.length > 0) {
        stopped = true;
        const shown = release(Math.min(...found));
        held = '';
        return shown;
      }
      return release(held.length - Math.max(0, ...wanted.map((stop) => overlap(held, stop))));
    },
    rest: () => release(held.length),
  };
}

/** Length of the longest end of `text` that is a beginning of `stop`. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length -= 1)
    if (stop.startsWith(text.slice(text.length - length))) return length;
  return 0;
}
