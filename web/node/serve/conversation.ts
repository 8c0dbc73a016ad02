/** Owns a persona's view of her room: prime, next message, say. It knows what is hers to read, never what to answer. */
import type { Uuid } from '../../../shared/airc/model.ts';
import type { Clock } from '../../../shared/clock.ts';
import { AppError } from '../../../shared/errors.ts';
import { abortable } from '../abortable.ts';
import type { AircCitizen } from '../citizen/airc-citizen.ts';
import type { SayReceipt } from '../citizen/outbox.ts';
import { createLatch } from '../latch.ts';
import { isChat } from '../room/read-event.ts';
import type { RoomFeed } from '../room/room-feed.ts';
import type { RoomLogRow } from '../storage/database.ts';
import { replyMid } from './reply-mid.ts';
import type { RoomStore } from '../storage/stores.ts';

/** A row of the log that is chat. */
export type ChatRow = RoomLogRow & { readonly text: string };

/** What arrived since the last burst: at least one chat line of somebody else. */
export interface IncomingBurst {
  /** Oldest first. */
  readonly rows: readonly ChatRow[];
  /** Read position once the burst is dealt with. */
  readonly readTo: number;
}

export interface Conversation {
  readonly channel: Uuid;
  readonly roomName: string;
  /**
   * Sets the read position, at birth to the room's present, as soon as that is known: what is said while her mind is
   * still being loaded is for her too. Resolves when it is stored.
   */
  arrive(signal: AbortSignal): Promise<void>;
  /** Attaches; must come before the first message. Arrives, where that was not done. */
  prime(signal: AbortSignal): Promise<void>;
  /** Waits for something to read; the same again until it is settled. `Internal` when it was not primed, which ends the loop. */
  nextMessage(signal: AbortSignal): Promise<IncomingBurst>;
  /** The burst needs no second reading: kept over restarts. */
  settle(burst: IncomingBurst): Promise<void>;
  /** See {@link AircCitizen.say}. */
  say(mid: Uuid, text: string, fence: number): Promise<SayReceipt>;
  /** Resolves once everything that is in the room at this moment can be read. */
  refresh(signal: AbortSignal): Promise<void>;
  /**
   * At most `limit` rows' chat up to `arrival`, oldest first, each saying once; and what she has said since, which came
   * into the log while a later line already waited: without it she would say it again.
   */
  history(arrival: number, limit: number): Promise<readonly ChatRow[]>;
  /**
   * The chat on which a talk among machines is judged, in the room's order: back to the last signed line of a person and
   * at least over `overMs` before it, up to `arrival`, and what she has said since. At most {@link TALK_ROWS} rows.
   */
  talk(arrival: number, overMs: number): Promise<readonly ChatRow[]>;
  /** The row of an event, for a frame that is taken up after a restart. */
  find(eventId: Uuid): Promise<ChatRow | undefined>;
  /** Her own saying with this id, when it is in the log already. */
  ownSaying(mid: Uuid): Promise<RoomLogRow | undefined>;
  close(): void;
}

const READ_LIMIT = 200;
/** Far beyond what machines say between two turns of hers that the guard would still allow. */
const TALK_ROWS = 4_000;
/** What arrives together is one burst: the lines of a paste come a few milliseconds apart. */
const GATHER_MS = 30;

export function createConversation(deps: {
  readonly citizen: AircCitizen;
  readonly feed: RoomFeed;
  readonly store: RoomStore;
  readonly clock: Clock;
  /** True for her sayings that were made in this browser. */
  isSaidHere(mid: Uuid): Promise<boolean>;
  /** True for events that a frame of hers, in this browser, has dealt with. */
  isConsidered(eventId: Uuid): Promise<boolean>;
}): Conversation {
  const { citizen, feed, store, clock } = deps;
  const { channel, name } = feed.room;
  const news = createLatch();
  let position: number | undefined;
  let unsubscribe: () => void = () => undefined;

  const isForHer = (row: RoomLogRow): row is ChatRow => row.peerId !== citizen.peerId && isChat(row);
  const firstSayings = async (rows: readonly ChatRow[]): Promise<readonly ChatRow[]> => {
    const firsts = await Promise.all(rows.map((row) => firstTelling(store, row)));
    return rows.filter((row, index) => firsts[index] === row.eventId);
  };

  /** Arrival of the newest of these rows that her other home, in another browser, has answered; 0 for none. */
  const answeredElsewhere = async (rows: readonly RoomLogRow[]): Promise<number> => {
    const sayings = new Set<Uuid>();
    for (const row of rows) {
      if (row.peerId !== citizen.peerId || !isChat(row) || row.mid === undefined) continue;
      if (!(await deps.isSaidHere(row.mid))) sayings.add(row.mid);
    }
    if (sayings.size === 0) return 0;
    return rows.findLast((row) => sayings.has(replyMid(citizen.peerId, row.eventId)))?.arrival ?? 0;
  };

  /**
   * The lines that are news, each saying once. A repetition is news where nothing became of the first telling: her other
   * home answered a later line without ever having seen the first, which its daemon had lost.
   */
  const newSayings = async (rows: readonly ChatRow[]): Promise<readonly ChatRow[]> => {
    const lines = new Map<string, ChatRow>();
    for (const row of rows) {
      const key = row.mid === undefined ? row.eventId : `${row.peerId} ${row.mid}`;
      if (lines.has(key)) continue;
      const first = await firstTelling(store, row);
      if (first === row.eventId || !(await deps.isConsidered(first))) lines.set(key, row);
    }
    return [...lines.values()];
  };

  let arriving: Promise<void> | undefined;
  /** Once, whoever asks: two presents, taken one after the other, would lose what came between them. */
  const arrive = (signal: AbortSignal): Promise<void> => {
    arriving ??= (async () => {
      await feed.whenCaughtUp(signal);
      if ((await store.readPosition(citizen.peerId, channel)) !== undefined) return;
      await store.setReadPosition(citizen.peerId, channel, await store.lastArrival(channel));
    })().catch((error: unknown) => {
      arriving = undefined;
      throw error;
    });
    return arriving;
  };

  return {
    channel,
    roomName: name,
    arrive,
    prime: async (signal) => {
      if (position !== undefined) return;
      unsubscribe();
      unsubscribe = citizen.subscribe(() => {
        news.set();
      });
      await abortable(arrive(signal), signal);
      position = await store.readPosition(citizen.peerId, channel);
      news.set();
    },
    nextMessage: async (signal) => {
      if (position === undefined) throw new AppError('Internal', 'nextMessage was called before prime.');
      for (;;) {
        const rows = await store.after(channel, position, READ_LIMIT);
        const last = rows.at(-1);
        if (!last) {
          await news.wait(signal);
          await clock.sleep(GATHER_MS, signal);
          continue;
        }
        const answeredTo = await answeredElsewhere(rows);
        const lines = await newSayings(rows.filter(isForHer).filter((row) => row.arrival > answeredTo));
        if (lines.length > 0) return { rows: lines, readTo: last.arrival };
        await store.setReadPosition(citizen.peerId, channel, last.arrival);
        position = last.arrival;
      }
    },
    settle: async (burst) => {
      await store.setReadPosition(citizen.peerId, channel, burst.readTo);
      position = burst.readTo;
    },
    say: (mid, text, fence) => citizen.say(mid, text, fence),
    refresh: (signal) => feed.refresh(signal),
    history: async (arrival, limit) => {
      const rows = await store.before(channel, arrival + 1, limit);
      const since = await store.after(channel, arrival, limit);
      const hers = since.filter((row) => row.peerId === citizen.peerId);
      return firstSayings([...rows, ...hers].filter((row): row is ChatRow => isChat(row)));
    },
    talk: async (arrival, overMs) => {
      const rows: RoomLogRow[] = [];
      for (let before = arrival + 1; rows.length < TALK_ROWS;) {
        const page = await store.before(channel, before, READ_LIMIT);
        rows.unshift(...page);
        const [first] = page;
        const last = rows.findLast((row) => isSignedPerson(row));
        if (!first || page.length < READ_LIMIT) break;
        if (last && first.occurredAtMs < last.occurredAtMs - overMs) break;
        before = first.arrival;
      }
      const since = await store.after(channel, arrival, READ_LIMIT);
      const hers = since.filter((row) => row.peerId === citizen.peerId);
      return [...rows, ...hers].filter((row): row is ChatRow => isChat(row));
    },
    find: async (eventId) => {
      const row = await store.byEventId(channel, eventId);
      return row && isChat(row) ? row : undefined;
    },
    close: () => {
      unsubscribe();
    },
    ownSaying: (mid) => store.byMid(channel, citizen.peerId, mid),
  };
}

function isSignedPerson(row: RoomLogRow): boolean {
  return row.kindOfSender === 'human' && row.signature === 'valid' && isChat(row);
}

/** Event id of the first telling: what a daemon lost and its author repeated has two event ids and one message id. */
async function firstTelling(store: RoomStore, row: RoomLogRow): Promise<Uuid> {
  if (row.mid === undefined) return row.eventId;
  return (await store.byMid(row.channel, row.peerId, row.mid))?.eventId ?? row.eventId;
}
