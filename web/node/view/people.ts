/** Owns who is in the room as the page shows it: hosted personas with their state, the human, and everybody seen. */
import type { Uuid } from '../../../shared/airc/model.ts';
import type { BridgeEvent } from '../../../shared/bridge/messages.ts';
import { hueOf } from '../../../shared/persona/facet.ts';
import type { Seed } from '../../../shared/persona/identity.ts';
import { displayName } from '../serve/utterance.ts';
import type { RoomLogRow } from '../storage/database.ts';
import type { PersonState, PersonView } from '../view.ts';

export class People {
  readonly #people = new Map<Uuid, PersonView>();
  readonly #onChange: (people: readonly PersonView[]) => void;

  constructor(onChange: (people: readonly PersonView[]) => void) {
    this.#onChange = onChange;
  }

  /** Another room, or another household: everybody is introduced again. */
  clear(): void {
    this.#people.clear();
  }

  /** The human at this page, or a persona of this node. */
  addOwn(seed: Seed, state: PersonState | undefined): void {
    this.#people.set(seed.peer_id, {
      peerId: seed.peer_id,
      name: seed.agent_name,
      kind: seed.kind,
      role: seed.role,
      self: seed.kind === 'human',
      ...(state && { state }),
      hue: hueOf(seed.peer_id),
    });
    this.#tell();
  }

  setState(peerId: Uuid, state: PersonState): void {
    const person = this.#people.get(peerId);
    if (!person) return;
    this.#people.set(peerId, { ...person, state });
    this.#tell();
  }

  /** Every persona of this node whose state this changes; the others are in a state that holds all the same. */
  change(next: (state: PersonState, peerId: Uuid) => PersonState | undefined): void {
    for (const { peerId, state } of this.#people.values()) {
      const changed = state && next(state, peerId);
      if (changed) this.setState(peerId, changed);
    }
  }

  /** Somebody spoke. A signed name replaces an unsigned guess, never the other way round. */
  seen(rows: readonly RoomLogRow[]): void {
    let changed = false;
    for (const row of rows) {
      if (row.signature === 'invalid') continue;
      const known = this.#people.get(row.peerId);
      if (known && (row.signature === 'unsigned' || known.state || known.self || known.name === row.name))
        continue;
      this.#people.set(row.peerId, {
        peerId: row.peerId,
        name: displayName(row),
        kind: row.kindOfSender,
        role: row.headers.find(([key]) => key === 'x-persona.role')?.[1] ?? '',
        self: false,
        hue: hueOf(row.peerId),
      });
      changed = true;
    }
    if (changed) this.#tell();
  }

  /** A live beat: says that somebody is there before a first word. Its headers are not checked, so it names nobody. */
  present(event: BridgeEvent): void {
    if (this.#people.has(event.peerId) || !event.headers.some(([key]) => key === 'airc.heartbeat.kind'))
      return;
    this.#people.set(event.peerId, {
      peerId: event.peerId,
      name: `peer-${event.peerId.slice(0, 8)}`,
      kind: 'unknown',
      role: '',
      self: false,
      hue: hueOf(event.peerId),
    });
    this.#tell();
  }

  #tell(): void {
    this.#onChange([...this.#people.values()]);
  }
}
