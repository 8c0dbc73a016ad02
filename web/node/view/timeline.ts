/** Owns what the page shows of a room: the newest lines, older ones on demand, and what is still on its way. */
import type { Uuid } from '../../../shared/airc/model.ts';
import type { RoomInfo } from '../../../shared/bridge/messages.ts';
import type { Clock } from '../../../shared/clock.ts';
import { AppError, fromWireError } from '../../../shared/errors.ts';
import { isChat } from '../room/read-event.ts';
import { displayName } from '../serve/utterance.ts';
import type { OutboxRow, RoomLogRow } from '../storage/database.ts';
import type { RoomStore } from '../storage/stores.ts';
import type { RoomView, TimelineItem } from '../view.ts';
import { troubleOf } from './trouble.ts';

export interface TimelineDeps {
  readonly room: RoomInfo;
  readonly store: RoomStore;
  readonly clock: Clock;
  /** The human at this page. */
  readonly self: { readonly peerId: Uuid; readonly name: string };
  onChange(view: RoomView): void;
}

const PAGE_ROWS = 100;
/** What the page keeps of a busy room; the rest is paged in again. */
const MAX_ITEMS = 600;

export class Timeline {
  readonly #deps: TimelineDeps;
  #items: (TimelineItem & { readonly arrival: number })[] = [];
  readonly #onTheWay = new Map<Uuid, TimelineItem>();
  #oldestArrival = Infinity;
  #hasOlder = false;
  #loadingOlder = false;
  /** Unknown until the first visit has caught up with the room. */
  #readTo: number | undefined;

  constructor(deps: TimelineDeps) {
    this.#deps = deps;
  }

  /** Loads the newest page and the read position. */
  async open(outbox: readonly OutboxRow[]): Promise<void> {
    const { store, self, room } = this.#deps;
    this.#readTo = await store.readPosition(self.peerId, room.channel);
    for (const row of outbox) this.#track(row);
    await this.loadOlder();
  }

  async loadOlder(): Promise<void> {
    if (this.#loadingOlder) return;
    this.#loadingOlder = true;
    if (this.#items.length > 0) this.#tell();
    try {
      const rows = await this.#deps.store.before(this.#deps.room.channel, this.#oldestArrival, PAGE_ROWS);
      this.#oldestArrival = rows.at(0)?.arrival ?? this.#oldestArrival;
      this.#hasOlder = rows.length === PAGE_ROWS;
      this.#items = [...this.#fresh(rows), ...this.#items];
    } finally {
      this.#loadingOlder = false;
      this.#tell();
    }
  }

  /** The log holds everything up to now: on the very first visit all of it counts as read. */
  async caughtUp(): Promise<void> {
    const { store, self, room } = this.#deps;
    if ((await store.readPosition(self.peerId, room.channel)) !== undefined) return;
    this.#readTo = await store.lastArrival(room.channel);
    await store.setReadPosition(self.peerId, room.channel, this.#readTo);
    this.#tell();
  }

  add(rows: readonly RoomLogRow[]): void {
    const last = this.#items.at(-1)?.arrival ?? 0;
    this.#items.push(...this.#fresh(rows.filter((row) => row.arrival > last)));
    this.#oldestArrival = Math.min(this.#oldestArrival, rows.at(0)?.arrival ?? Infinity);
    const tooMany = this.#items.length - MAX_ITEMS;
    if (tooMany > 0) {
      this.#items.splice(0, tooMany);
      this.#oldestArrival = this.#items.at(0)?.arrival ?? this.#oldestArrival;
      this.#hasOlder = true;
    }
    this.#tell();
  }

  /** A step of something the human said. */
  track(row: OutboxRow): void {
    this.#track(row);
    this.#tell();
  }

  /** Everything up to this item is read. */
  async markRead(key: string): Promise<void> {
    const item = this.#items.find((other) => other.key === key);
    if (!item || item.arrival <= (this.#readTo ?? 0)) return;
    this.#readTo = item.arrival;
    this.#tell();
    await this.#deps.store.setReadPosition(this.#deps.self.peerId, this.#deps.room.channel, item.arrival);
  }

  #fresh(rows: readonly RoomLogRow[]): (TimelineItem & { arrival: number })[] {
    const known = new Set(this.#items.map((item) => item.key));
    const items: (TimelineItem & { arrival: number })[] = [];
    for (const row of rows) {
      if (!isChat(row)) continue;
      const item = this.#itemOf(row);
      this.#onTheWay.delete(item.key);
      // One saying that reached the room twice is one line.
      if (known.has(item.key)) continue;
      known.add(item.key);
      items.push({ ...item, arrival: row.arrival });
    }
    return items;
  }

  #itemOf(row: RoomLogRow & { readonly text: string }): TimelineItem {
    return {
      key: row.mid ?? row.eventId,
      eventId: row.eventId,
      peerId: row.peerId,
      name: displayName(row),
      kind: row.kindOfSender,
      text: row.text,
      atMs: row.occurredAtMs,
      self: row.peerId === this.#deps.self.peerId,
      signature: row.signature,
      delivery: { state: 'in-room' },
    };
  }

  #track(row: OutboxRow): void {
    const { clock, self } = this.#deps;
    if (this.#items.some((item) => item.key === row.mid)) return;
    const error = row.error ? fromWireError(row.error) : new AppError('Internal', 'It was given up.');
    this.#onTheWay.set(row.mid, {
      key: row.mid,
      ...(row.receipt && { eventId: row.receipt.eventId }),
      peerId: row.peerId,
      name: self.name,
      kind: 'human',
      text: row.text,
      atMs: row.createdAtMs,
      self: true,
      signature: 'valid',
      delivery:
        row.state === 'failed'
          ? { state: 'failed', trouble: troubleOf(error, clock) }
          : { state: row.state === 'said' ? 'in-room' : 'sending' },
    });
  }

  #tell(): void {
    const readTo = this.#readTo ?? Infinity;
    const unread = this.#items.filter((item) => !item.self && item.arrival > readTo);
    const first = unread.at(0);
    const items = this.#items.map(({ arrival: _place, ...item }): TimelineItem => item);
    this.#deps.onChange({
      ...this.#deps.room,
      unread: unread.length,
      ...(first && { unreadFromKey: first.key }),
      items: [...items, ...this.#onTheWay.values()],
      hasOlder: this.#hasOlder,
      loadingOlder: this.#loadingOlder,
    });
  }
}
