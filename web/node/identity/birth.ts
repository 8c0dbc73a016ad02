/** Owns the birth of a citizen: key, name and seed, stored in one transaction before anybody hears of her. */
import type { Clock } from '../../../shared/clock.ts';
import { AppError, toAppError } from '../../../shared/errors.ts';
import { SEED_VERSION, type CitizenKind, type RoleId } from '../../../shared/persona/identity.ts';
import { birthName } from '../../../shared/persona/names.ts';
import { uuidV4, type RandomSource } from '../../../shared/random.ts';
import type { IdentityStore, StoredHousehold, StoredIdentity } from '../storage/identity-store.ts';
import { withHousehold } from './first-household.ts';
import type { IdentityCrypto } from './identity-crypto.ts';

export interface BirthPlan<Key> {
  readonly kind: CitizenKind;
  readonly role: RoleId;
  /** Stored with her where it is new. */
  readonly household: StoredHousehold<Key>;
}

/** Rejects with `SeedWriteFailed` when she could not be stored: then she does not exist. */
export async function giveBirth<Key>(
  { kind, role, household }: BirthPlan<Key>,
  deps: {
    readonly store: IdentityStore<Key>;
    readonly crypto: IdentityCrypto<Key>;
    readonly random: RandomSource;
    readonly clock: Clock;
  },
): Promise<StoredIdentity<Key>> {
  const { store, crypto, random, clock } = deps;
  const peerId = uuidV4(random);
  const clientId = uuidV4(random);
  const { publicKey, privateKey, sealed } = await crypto.createCitizen(peerId, household.publicKey);
  const bornAs = (name: string): StoredIdentity<Key> => ({
    privateKey,
    sealed,
    seed: {
      version: SEED_VERSION,
      peer_id: peerId,
      client_id: clientId,
      agent_name: name,
      kind,
      role,
      public_key: publicKey,
      created_at_ms: clock.nowMs(),
    },
  });
  let born = bornAs('');
  try {
    await store.update((present) => {
      // Inside the transaction: between reading the names and storing hers nobody can take it.
      const names = present.identities.map(({ seed }) => seed.agent_name);
      born = bornAs(birthName(peerId, kind, names));
      return { identities: [born], ...withHousehold(present, household) };
    });
  } catch (error) {
    throw toAppError(error).code === 'StorageFailed'
      ? new AppError('SeedWriteFailed', 'A new identity could not be stored.', { cause: error })
      : error;
  }
  return born;
}
