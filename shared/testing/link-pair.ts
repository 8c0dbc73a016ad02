/** Owns a pair of connected links over a clock: ordered and delayed, and they can be cut or fall silent. */
import type { Link } from '../bridge/link.ts';
import type { Clock } from '../clock.ts';

export interface LinkPair {
  readonly near: Link;
  readonly far: Link;
  /** Both ends hear of it; what is on its way is lost. */
  cut(): void;
  /** A black hole: open for both ends, but nothing arrives any more. */
  silence(): void;
  /** The process of one end was killed: it hears nothing, the other end finds the link closed. */
  kill(end: 'near' | 'far'): void;
}

/** `delayMs` is asked for every message and every close; the order within one direction is kept. */
export function createLinkPair(clock: Clock, delayMs: () => number): LinkPair {
  let isSilent = false;
  const near = new MemoryLink();
  const far = new MemoryLink();
  const connect = (from: MemoryLink, to: MemoryLink): void => {
    let lastArrivalMs = 0;
    from.transmit = (deliver) => {
      lastArrivalMs = Math.max(lastArrivalMs, clock.monotonicMs() + delayMs());
      clock.after(lastArrivalMs - clock.monotonicMs(), () => {
        if (!isSilent) deliver(to);
      });
    };
  };
  connect(near, far);
  connect(far, near);
  return {
    near,
    far,
    cut: () => {
      near.end(1006, 'cut');
      far.end(1006, 'cut');
    },
    silence: () => {
      isSilent = true;
    },
    kill: (end) => {
      const [dead, other] = end === 'near' ? [near, far] : [far, near];
      dead.die();
      clock.after(delayMs(), () => {
        other.end(1006, 'killed');
      });
    },
  };
}

class MemoryLink implements Link {
  readonly bufferedBytes = 0;
  onClose: (code: number, reason: string) => void = () => undefined;
  transmit: (deliver: (to: MemoryLink) => void) => void = () => undefined;
  #early: string[] = [];
  #onMessage: ((text: string) => void) | undefined;
  #isOpen = true;

  get onMessage(): (text: string) => void {
    return this.#onMessage ?? (() => undefined);
  }

  set onMessage(handler: (text: string) => void) {
    this.#onMessage = handler;
    const kept = this.#early;
    this.#early = [];
    for (const text of kept) handler(text);
  }

  send(text: string): void {
    // As a browser's socket does, and `ws`: what is sent after the end is dropped.
    if (!this.#isOpen) return;
    this.transmit((to) => {
      to.receive(text);
    });
  }

  close(code: number, reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.transmit((to) => {
      to.end(code, reason);
    });
  }

  receive(text: string): void {
    if (!this.#isOpen) return;
    if (this.#onMessage) this.#onMessage(text);
    else this.#early.push(text);
  }

  die(): void {
    this.#isOpen = false;
  }

  end(code: number, reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.onClose(code, reason);
  }
}
