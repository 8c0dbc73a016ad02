/** Owns the making of the household: with the first identity that is stored here, in the same transaction. */
import { AppError } from '../../../shared/errors.ts';
import type { RandomSource } from '../../../shared/random.ts';
import {
  HOUSEHOLD_KEY,
  type IdentityChange,
  type IdentityReading,
  type StoredHousehold,
} from '../storage/identity-store.ts';
import type { IdentityCrypto } from './identity-crypto.ts';
import { createRecoveryCode } from './recovery-code.ts';

/**
 * The household that lives here, or a new one that is not stored yet; its recovery code stays readable until the person
 * has saved it. Rejects with `SeedMalformed` where the stored one cannot be read: nothing could be backed up with it.
 */
export async function householdOf<Key>(
  reading: IdentityReading<Key>,
  crypto: IdentityCrypto<Key>,
  random: RandomSource,
): Promise<StoredHousehold<Key>> {
  if (reading.household) return reading.household;
  const broken = reading.malformed.find(({ key }) => key === HOUSEHOLD_KEY);
  if (broken)
    throw new AppError('SeedMalformed', `The household key here cannot be read (${broken.problem}).`);
  const recoveryCode = createRecoveryCode(random);
  return { ...(await crypto.createHousehold(recoveryCode)), recoveryCode };
}

/** The part of a change that stores a new household. `IdentityConflict` when another one was stored meanwhile. */
export function withHousehold<Key>(
  present: IdentityReading<Key>,
  household: StoredHousehold<Key>,
): Pick<IdentityChange<Key>, 'household'> {
  if (!present.household) return { household };
  if (present.household.publicKey === household.publicKey) return {};
  throw new AppError('IdentityConflict', 'Another tab made the household of this browser just now.');
}
