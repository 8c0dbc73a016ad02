/**
 * Owns the place in a scrolled log: at its end it stays there while more comes; elsewhere the line in sight stays where
 * it is, whatever is added above it.
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** Nearer to the end than this counts as being there: about two lines. */
const END_PX = 48;

export interface ScrollHost extends ReactiveControllerHost {
  /** The element that scrolls; undefined before the first rendering. */
  readonly scroller: HTMLElement | undefined;
  /** What it scrolls: its height is watched. */
  readonly content: HTMLElement | undefined;
  /** Rows of the log, in their order. */
  readonly rows: Iterable<HTMLElement>;
}

export class ScrollKeeper implements ReactiveController {
  readonly #host: ScrollHost;
  readonly #onEndChange: () => void;
  readonly #resizes = new ResizeObserver(() => {
    if (this.#isAtEnd) this.toEnd();
  });
  #isAtEnd = true;
  #lastTop = 0;
  #anchor: { readonly row: HTMLElement; readonly top: number } | undefined;
  #watched: HTMLElement | undefined;

  constructor(host: ScrollHost, onEndChange: () => void) {
    this.#host = host;
    this.#onEndChange = onEndChange;
    host.addController(this);
  }

  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  /** The next rendering, and all that follow, end in sight. */
  pin(): void {
    this.#setAtEnd(true);
  }

  /** The person asked for what is above: whether the event of their scrolling has come yet or not. */
  leaveEnd(): void {
    this.#setAtEnd(false);
  }

  toEnd(): void {
    const { scroller } = this.#host;
    if (!scroller) return;
    scroller.scrollTop = scroller.scrollHeight;
    this.#lastTop = scroller.scrollTop;
    this.#setAtEnd(true);
  }

  /** Brings a row into the upper part of the view, and leaves the end. */
  show(row: HTMLElement): void {
    row.scrollIntoView({ block: 'center' });
    this.onScroll();
  }

  /**
   * Only a way back leaves the end: an event of an earlier scroll arrives after more content came, and then the end is
   * far although nobody moved.
   */
  onScroll(): void {
    const { scroller } = this.#host;
    if (!scroller) return;
    const { scrollTop, scrollHeight, clientHeight } = scroller;
    const hasGoneBack = scrollTop < this.#lastTop - 1;
    this.#lastTop = scrollTop;
    if (scrollHeight - clientHeight - scrollTop <= END_PX) this.#setAtEnd(true);
    else if (hasGoneBack) this.#setAtEnd(false);
  }

  hostUpdate(): void {
    this.#anchor = this.#isAtEnd ? undefined : this.#firstInSight();
  }

  hostUpdated(): void {
    this.#watch();
    const { scroller } = this.#host;
    if (this.#isAtEnd) this.toEnd();
    else if (scroller && this.#anchor?.row.isConnected) {
      scroller.scrollTop += this.#anchor.row.getBoundingClientRect().top - this.#anchor.top;
      this.#lastTop = scroller.scrollTop;
    }
    this.#anchor = undefined;
  }

  hostDisconnected(): void {
    this.#resizes.disconnect();
    this.#watched = undefined;
  }

  #watch(): void {
    const { scroller, content } = this.#host;
    if (!scroller || !content || content === this.#watched) return;
    this.#watched = content;
    this.#resizes.disconnect();
    this.#resizes.observe(scroller);
    this.#resizes.observe(content);
  }

  #firstInSight(): { row: HTMLElement; top: number } | undefined {
    const edge = this.#host.scroller?.getBoundingClientRect().top ?? 0;
    for (const row of this.#host.rows) {
      const { top, bottom } = row.getBoundingClientRect();
      if (bottom > edge) return { row, top };
    }
    return undefined;
  }

  #setAtEnd(isAtEnd: boolean): void {
    if (isAtEnd === this.#isAtEnd) return;
    this.#isAtEnd = isAtEnd;
    this.#onEndChange();
  }
}
