/** Owns what must hold after every run, whatever broke in it: the daemon's transcript against what each side saw. */
import { compareCursors, type AircEvent, type Cursor } from '../../shared/airc/model.ts';
import type { RoomLogRow } from '../../web/node/storage/database.ts';
import type { SimTab } from './sim-tab.ts';

export interface Transcript {
  /** Everything durable, in the daemon's order. */
  readonly events: readonly AircEvent[];
  /** Events that a publisher was told to be in the room. */
  readonly acknowledged: ReadonlySet<string>;
  /** This daemon can forget the newest of them in a crash; whoever said them must say them again. */
  readonly losesTail: boolean;
}

/** What a line is over repetitions: a daemon that lost it gives the next telling a new event id. */
const sayingOf = (row: RoomLogRow): string => row.mid ?? row.eventId;

const midOf = (event: AircEvent): string | undefined => event.headers.get('x-persona.mid');

/** True at every moment of a run: whatever the cursor has passed is stored. */
export function checkCursors(tab: SimTab, transcript: Transcript, channel: string): string[] {
  const rows = tab.log(channel);
  const first = rows.at(0);
  const stored = new Set(rows.map((row) => row.eventId));
  const violations: string[] = [];
  for (const [key, cursor] of tab.disk.cursors) {
    if (!key.endsWith(channel)) continue;
    const joined: Cursor | undefined = first;
    for (const event of transcript.events) {
      if (compareCursors(event, cursor) > 0) break;
      if (joined && compareCursors(event, joined) < 0) continue;
      if (!stored.has(event.eventId)) {
        violations.push(`${tab.personaName}: the cursor is past ${event.eventId}, which is not stored`);
      }
    }
  }
  return violations;
}

/** After everything healed and came to rest. */
export function checkEnd(tabs: readonly SimTab[], transcript: Transcript, channel: string): string[] {
  return [
    ...checkAcknowledged(transcript),
    ...checkOnceEach(transcript),
    ...tabs.flatMap((tab) => [
      ...checkCursors(tab, transcript, channel),
      ...checkLog(tab, transcript, channel),
      ...checkAnswers(tab, tabs, transcript, channel),
      ...checkHuman(tab, transcript),
      ...checkIdentity(tab, transcript),
    ]),
  ];
}

function checkAcknowledged({ events, acknowledged, losesTail }: Transcript): string[] {
  if (losesTail) return [];
  const there = new Set(events.map((event) => event.eventId));
  return [...acknowledged].filter((id) => !there.has(id)).map((id) => `acknowledged event ${id} is lost`);
}

/** No saying is in the room twice: not an answer, not a line of a human. */
function checkOnceEach({ events }: Transcript): string[] {
  const seen = new Set<string>();
  const violations: string[] = [];
  for (const event of events) {
    const mid = midOf(event);
    if (mid === undefined) continue;
    if (seen.has(mid)) violations.push(`message ${mid} of ${event.peerId} is in the room twice`);
    seen.add(mid);
  }
  return violations;
}

/** Every durable event since she joined, once, in the daemon's order. What the daemon forgot she still has. */
function checkLog(tab: SimTab, { events }: Transcript, channel: string): string[] {
  const all = tab.log(channel).map((row) => row.eventId);
  const there = new Set(events.map((event) => event.eventId));
  const rows = all.filter((id) => there.has(id));
  const first = rows.at(0);
  if (first === undefined) return [`${tab.personaName}: the log is empty`];
  const expected = events
    .slice(events.findIndex((event) => event.eventId === first))
    .map((event) => event.eventId);
  const twice = all.length - new Set(all).size;
  const missing = expected.filter((id) => !rows.includes(id)).length;
  const isSame = rows.length === expected.length && rows.every((id, index) => id === expected[index]);
  if (isSame && twice === 0) return [];
  return [
    `${tab.personaName}: log and room differ (${missing} missing, ${twice} twice, of ${expected.length})`,
  ];
}

function checkAnswers(
  tab: SimTab,
  tabs: readonly SimTab[],
  { events, losesTail }: Transcript,
  channel: string,
): string[] {
  const violations: string[] = [];
  const homes = tabs.filter((other) => other.personaId === tab.personaId);
  const considered = new Set<string>();
  for (const home of homes) {
    const sayings = new Map(home.log(channel).map((row) => [row.eventId, sayingOf(row)]));
    for (const { triggerEventId, coveredEventIds } of home.disk.ledger.values()) {
      for (const eventId of [triggerEventId, ...coveredEventIds]) {
        considered.add(sayings.get(eventId) ?? eventId);
      }
    }
  }
  const frames = [...tab.disk.ledger.values()].filter((row) => row.peerId === tab.personaId);
  const covered = new Set<string>();
  for (const frame of frames) {
    for (const key of frame.coveredKeys) {
      if (covered.has(key)) violations.push(`${tab.personaName}: ${key} is in two frames`);
      covered.add(key);
    }
    const said = events.filter((event) => midOf(event) === frame.mid);
    // Whoever said what the daemon then lost says it again when she is at home there the next time.
    const mayWait = homes.length > 1 && losesTail && said.length === 0;
    if (frame.state === 'published' && said.length !== 1 && !mayWait) {
      violations.push(`${tab.personaName}: a published frame is ${said.length} times in the room`);
    }
    const isEndedMute = frame.state === 'silent' || frame.state === 'errored';
    // With two homes the other one may have answered what this one gave up.
    if (isEndedMute && said.length > 0 && homes.length === 1) {
      violations.push(
        `${tab.personaName}: a frame that ended ${frame.state} (${frame.reason}) is in the room`,
      );
    }
    // A home that is not hers at the moment waits for her with what it has begun.
    if (homes.length === 1 && !['published', 'silent', 'errored'].includes(frame.state)) {
      violations.push(`${tab.personaName}: a frame is still ${frame.state}`);
    }
  }
  // At every home she begins with the room's present.
  const before = new Set(
    homes.flatMap((home) =>
      home
        .log(channel)
        .filter((row) => row.arrival <= (home.bornAfter ?? Infinity))
        .map(sayingOf),
    ),
  );
  const there = new Set(events.map((event) => event.eventId));
  for (const row of tab.log(channel)) {
    // What the daemon forgot may have been seen by one home alone, and not by the one that was hers.
    if (homes.length > 1 && !there.has(row.eventId)) continue;
    const isHers = row.kind === 'message' && row.peerId !== tab.personaId && !before.has(sayingOf(row));
    if (isHers && !considered.has(sayingOf(row))) {
      violations.push(`${tab.personaName}: ${row.eventId} was never considered`);
    }
  }
  return violations;
}

function checkHuman(tab: SimTab, { events }: Transcript): string[] {
  const there = new Set(events.map(midOf));
  return [...tab.accepted]
    .filter((mid) => !there.has(mid))
    .map((mid) => `${tab.humanName}: accepted message ${mid} never reached the room`);
}

function checkIdentity(tab: SimTab, { events }: Transcript): string[] {
  const keys = new Set<string>();
  for (const event of events) {
    if (event.peerId !== tab.personaId) continue;
    keys.add(`${event.headers.get('x-persona.name')} ${event.headers.get('x-persona.key')}`);
  }
  return keys.size > 1 ? [`${tab.personaName}: spoke under ${keys.size} names or keys`] : [];
}
