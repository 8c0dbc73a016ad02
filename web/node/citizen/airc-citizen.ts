/**
 * Owns the one interface to somebody who lives in a room: personas, the human at the page, and any later kind. Names
 * and roles are not in it; they belong to the identity.
 */
import type { Uuid } from '../../../shared/airc/model.ts';
import type { Clock } from '../../../shared/clock.ts';
import { signHeaders } from '../../../shared/persona/signed-headers.ts';
import type { SignatureVerifier } from '../../../shared/signatures.ts';
import type { RoomFeed } from '../room/room-feed.ts';
import type { RoomLogRow } from '../storage/database.ts';
import type { RoomStore } from '../storage/stores.ts';
import type { CitizenIdentity } from './citizen-identity.ts';
import type { Outbox, SayReceipt } from './outbox.ts';

export interface AircCitizen {
  readonly peerId: Uuid;
  /** New rows of her room, her own among them. Returns the disposer. */
  subscribe(listener: (rows: readonly RoomLogRow[]) => void): () => void;
  /**
   * Signs `text` and says it under `mid`; the same mid again is the same saying. Resolves once it is in the room.
   * `fence` is that of the lease under which it was decided, where that may not be the present one.
   */
  say(mid: Uuid, text: string, fence?: number): Promise<SayReceipt>;
  /** The same, but resolves once it is stored and on its way. */
  post(mid: Uuid, text: string): Promise<void>;
  /** The newest rows, oldest first. */
  pageRecent(limit: number): Promise<readonly RoomLogRow[]>;
}

export interface CitizenDeps {
  readonly identity: CitizenIdentity;
  readonly feed: RoomFeed;
  readonly outbox: Outbox;
  readonly store: RoomStore;
  readonly verifier: SignatureVerifier;
  readonly clock: Clock;
}

export function createCitizen(deps: CitizenDeps): AircCitizen {
  const { seed, signer } = deps.identity;
  const { channel } = deps.feed.room;
  const post = async (mid: Uuid, text: string, fence?: number): ReturnType<Outbox['post']> => {
    const headers = await signHeaders(
      {
        peerId: seed.peer_id,
        channel,
        mid,
        atMs: deps.clock.nowMs(),
        kind: seed.kind,
        name: seed.agent_name,
        role: seed.role,
        text,
      },
      signer,
      deps.verifier,
    );
    return deps.outbox.post({ mid, text, headers, fence });
  };
  return {
    peerId: seed.peer_id,
    subscribe: (listener) =>
      deps.feed.news.subscribe((news) => {
        if (news.kind === 'rows') listener(news.rows);
      }),
    say: async (mid, text, fence) => (await post(mid, text, fence)).inRoom,
    post: async (mid, text) => {
      await post(mid, text);
    },
    pageRecent: (limit) => deps.store.before(channel, Infinity, limit),
  };
}
