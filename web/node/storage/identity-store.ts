/** Owns the interface to where identities are kept. IndexedDB in the product, memory in the simulation. */
import type { Uuid } from '../../../shared/airc/model.ts';
import { AppError } from '../../../shared/errors.ts';
import type { RoleId, Seed } from '../../../shared/persona/identity.ts';
import type { LockedKey, SealedKey } from './database.ts';

/** `Key` is a private key's handle: a CryptoKey in the product. */
export interface StoredIdentity<Key> {
  readonly seed: Seed;
  readonly privateKey: Key;
  readonly sealed: SealedKey;
  /** Absent for who was born in this browser. */
  readonly restoredAtMs?: number;
}

export interface StoredHousehold<Key> {
  readonly publicKey: string;
  readonly lockedPrivateKey: LockedKey;
  readonly signingPublicKey: string;
  readonly signingKey: Key;
  /** Until the person confirmed that it is saved. */
  readonly recoveryCode?: string;
}

/** A row that cannot be read. It is left as it is. */
export interface MalformedRow {
  readonly key: string;
  readonly problem: string;
  /** What little can be told of whom it is; undefined where it cannot. */
  readonly kind?: Seed['kind'];
  readonly role?: RoleId;
}

export interface IdentityReading<Key> {
  /** Oldest first. */
  readonly identities: readonly StoredIdentity<Key>[];
  readonly malformed: readonly MalformedRow[];
  readonly household?: StoredHousehold<Key>;
}

export interface IdentityChange<Key> {
  /** New ones, or changes to present ones with the same public key. */
  readonly identities?: readonly StoredIdentity<Key>[];
  /** Replaces the present one. */
  readonly household?: StoredHousehold<Key>;
  /** Malformed rows that make room for a good one with their id; what they hold is kept under another key. */
  readonly setAside?: readonly Uuid[];
}

export interface IdentityStore<Key> {
  /** Nothing stored is an empty reading. Rejects with `StorageFailed`. */
  read(): Promise<IdentityReading<Key>>;
  /**
   * One transaction: `decide` sees what is there and says what becomes of it; when it throws, nothing is changed.
   * Rejects with `IdentityConflict` for an id that has another key or is malformed, and for a name that is taken; with
   * `StorageFailed` when it could not be written. In both cases nothing is changed.
   */
  update(decide: (present: IdentityReading<Key>) => IdentityChange<Key>): Promise<void>;
}

/** The key of the household's row, as it stands in {@link MalformedRow}. */
export const HOUSEHOLD_KEY = 'household';

/** Throws `IdentityConflict` for a change that would overwrite somebody. */
export function checkChange<Key>(present: IdentityReading<Key>, change: IdentityChange<Key>): void {
  const setAside = new Set(change.setAside);
  const taken = new Set(present.malformed.map((row) => row.key).filter((key) => !setAside.has(key)));
  const after = new Map(present.identities.map(({ seed }) => [seed.peer_id, seed]));
  for (const { seed } of change.identities ?? []) {
    const other = after.get(seed.peer_id);
    if (taken.has(seed.peer_id) || (other && other.public_key !== seed.public_key)) {
      throw new AppError('IdentityConflict', `Another identity with the id ${seed.peer_id} is here already.`);
    }
    after.set(seed.peer_id, seed);
  }
  const names = new Set<string>();
  for (const { agent_name } of after.values()) {
    if (names.has(agent_name))
      throw new AppError('IdentityConflict', `There is a "${agent_name}" already; a name belongs to one.`);
    names.add(agent_name);
  }
}
