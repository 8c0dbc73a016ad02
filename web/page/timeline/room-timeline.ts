/** Owns the log "Timeline" of one room: its lines, paging back, the unread line, and what counts as read. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { RoomView } from '../../node/view.ts';
import { baseCss } from '../look/base-css.ts';
import { formatDay } from '../look/format.ts';
import { badgeCss } from '../look/person-badge.ts';
import type { NodeStore } from '../store/node-store.ts';
import { troubleCss } from '../troubles/trouble-card.ts';
import { HistoryWindow } from './history-window.ts';
import { messageCss, messageView } from './message-view.ts';
import { ScrollKeeper, type ScrollHost } from './scroll-keeper.ts';
import { timelineCss } from './timeline-css.ts';
import { timelineRows, type TimelineRow } from './timeline-rows.ts';
import { presenceAt, UnreadLine, type Presence } from './unread-line.ts';

export class RoomTimeline extends LitElement implements ScrollHost {
  static override properties = {
    room: { attribute: false },
    node: { attribute: false },
    sentTo: { attribute: false },
  };
  static override styles = [baseCss, badgeCss, troubleCss, messageCss, timelineCss];

  declare room: RoomView;
  declare node: NodeStore;
  /** Where the personas think, when that is another program. */
  declare sentTo: string | undefined;
  readonly #window = new HistoryWindow();
  readonly #unread = new UnreadLine();
  readonly #scroll = new ScrollKeeper(this, () => {
    this.requestUpdate();
  });
  #attention: AbortController | undefined;
  #openedAtMs = 0;
  #lastKey: string | undefined;
  #lineKey: string | undefined;
  #markedKey: string | undefined;

  get scroller(): HTMLElement | undefined {
    return this.renderRoot.querySelector<HTMLElement>('.scroller') ?? undefined;
  }

  get content(): HTMLElement | undefined {
    return this.renderRoot.querySelector<HTMLElement>('.content') ?? undefined;
  }

  get rows(): Iterable<HTMLElement> {
    return this.renderRoot.querySelectorAll<HTMLElement>('.row');
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#attention = new AbortController();
    const { signal } = this.#attention;
    const look = (): void => {
      this.requestUpdate();
    };
    window.addEventListener('focus', look, { signal });
    window.addEventListener('blur', look, { signal });
    document.addEventListener('visibilitychange', look, { signal });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#attention?.abort();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get('room');
    if (changed.has('room') && before?.channel !== this.room.channel) {
      this.#openedAtMs = this.node.clock.nowMs();
      this.#unread.clear();
      this.#scroll.pin();
    }
    this.#unread.follow(this.room, this.#presence);
    const last = this.room.items.at(-1);
    const isJustSaid = last !== undefined && last.atMs >= this.#openedAtMs;
    if (last?.self && last.key !== this.#lastKey && isJustSaid) {
      this.#unread.clear();
      this.#scroll.pin();
      // Who speaks has arrived: an answer that comes at once was not missed.
      this.#openedAtMs = -Infinity;
    }
    this.#lastKey = last?.key;
    if (this.#scroll.isAtEnd) this.#window.reset();
  }

  override render(): TemplateResult {
    const { room } = this;
    const first = this.#window.firstIndex(room.items);
    const rows = timelineRows(room.items.slice(first), this.#unread.key);
    return html`
      <div
        class="scroller"
        tabindex="0"
        role="group"
        aria-label="Conversation"
        @scroll=${() => {
          this.#scroll.onScroll();
        }}
      >
        <div class="content">
          ${first > 0 || room.hasOlder ? this.#olderButton() : nothing}
          <div role="log" aria-label="Timeline" aria-relevant="additions" aria-busy=${room.loadingOlder}>
            ${repeat(
              rows,
              ({ key }) => key,
              (row) => this.#rowView(row),
            )}
          </div>
          ${
            room.items.length === 0
              ? html`<p class="empty">Nothing has been said here yet. Say hello below.</p>`
              : nothing
          }
          <slot name="drafts"></slot>
        </div>
      </div>
      ${
        this.#scroll.isAtEnd
          ? nothing
          : html`<button
              class="to-end"
              @click=${() => {
                this.#scroll.toEnd();
              }}
            >
              ${room.unread > 0 ? `${room.unread} new · ` : ''}Go to the newest ↓
            </button>`
      }
    `;
  }

  override updated(): void {
    const { key } = this.#unread;
    if (key !== this.#lineKey && key !== undefined && this.#presence === 'arriving') {
      const line = this.renderRoot.querySelector<HTMLElement>('.unread');
      if (line) this.#scroll.show(line);
    }
    this.#lineKey = key;
    this.#markRead();
  }

  get #presence(): Presence {
    const { items, unreadFromKey } = this.room;
    return presenceAt(this.node.clock.nowMs(), {
      openedAtMs: this.#openedAtMs,
      firstUnreadAtMs: items.find(({ key }) => key === unreadFromKey)?.atMs,
      isEndSeen: this.#isEndSeen,
    });
  }

  /** The end is in sight of somebody. */
  get #isEndSeen(): boolean {
    return this.#scroll.isAtEnd && document.visibilityState === 'visible' && document.hasFocus();
  }

  #markRead(): void {
    const { room, node } = this;
    const last = room.items.findLast(({ delivery }) => delivery.state === 'in-room');
    if (!last || room.unread === 0 || !this.#isEndSeen || this.#markedKey === last.key) return;
    this.#markedKey = last.key;
    void node.report(node.commands.markRead(room.channel, last.key));
  }

  #olderButton(): TemplateResult {
    const { room, node } = this;
    return html`<button
      class="older quiet"
      aria-disabled=${room.loadingOlder}
      @click=${() => {
        if (room.loadingOlder) return;
        this.#scroll.leaveEnd();
        const isAllDrawn = this.#window.firstIndex(room.items) === 0;
        this.#window.wantOlder();
        if (isAllDrawn) void node.report(node.commands.loadOlder(room.channel));
        this.requestUpdate();
      }}
    >
      ${room.loadingOlder ? 'Loading older…' : 'Load older'}
    </button>`;
  }

  #rowView(row: TimelineRow): TemplateResult {
    switch (row.kind) {
      case 'day':
        return html`<div class="row day" role="separator" aria-label=${this.#day(row.atMs)}>
          <span aria-hidden="true">${this.#day(row.atMs)}</span>
        </div>`;
      case 'unread':
        return html`<div class="row unread" role="separator" aria-label="New since you were here">
          <span aria-hidden="true">New</span>
        </div>`;
      case 'message':
        return messageView(row.item, row.continues, this.sentTo, () => {
          void this.node.report(this.node.commands.retry(row.item.key));
        });
    }
  }

  #day(atMs: number): string {
    return formatDay(atMs, this.node.clock.nowMs());
  }
}

customElements.define('pn-room-timeline', RoomTimeline);
