/** Owns who lives in this browser: resumed where there is somebody, born where not, backed up and restored. */
import type { Uuid } from '../../../shared/airc/model.ts';
import type { Clock } from '../../../shared/clock.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/log.ts';
import type { CitizenKind, RoleId } from '../../../shared/persona/identity.ts';
import type { RandomSource } from '../../../shared/random.ts';
import type { SignatureVerifier } from '../../../shared/signatures.ts';
import type { DrawnIdentity } from '../boot/identity-provider.ts';
import type { CitizenIdentity } from '../citizen/citizen-identity.ts';
import type { Household } from '../host/household.ts';
import {
  HOUSEHOLD_KEY,
  type IdentityReading,
  type IdentityStore,
  type MalformedRow,
  type StoredIdentity,
} from '../storage/identity-store.ts';
import { giveBirth } from './birth.ts';
import { createBackup } from './create-backup.ts';
import { householdOf } from './first-household.ts';
import type { IdentityCrypto } from './identity-crypto.ts';
import { restoreBackup } from './restore-backup.ts';

export interface HouseholdDeps<Key> {
  readonly store: IdentityStore<Key>;
  readonly crypto: IdentityCrypto<Key>;
  readonly verifier: SignatureVerifier;
  readonly random: RandomSource;
  readonly clock: Clock;
  readonly log: Logger;
}

const NOBODY: ReadonlySet<Uuid> = new Set();

export function createHousehold<Key>(deps: HouseholdDeps<Key>): Household {
  const { store, crypto, random, clock, log } = deps;
  /** Births and restores follow each other: two first births must not make two households. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work, work);
    last = mine;
    return mine;
  };

  const read = async (): Promise<IdentityReading<Key>> => {
    const reading = await store.read();
    for (const { key, problem } of reading.malformed)
      log.log('error', 'identity.malformed', { key, problem });
    return reading;
  };

  const toCitizen = ({ seed, privateKey }: StoredIdentity<Key>): CitizenIdentity => ({
    seed,
    signer: crypto.signer(seed.public_key, privateKey),
  });

  const draw = (kind: CitizenKind, role: RoleId, taken: ReadonlySet<Uuid>): Promise<DrawnIdentity> =>
    inTurn(async () => {
      const reading = await read();
      const resumed = candidates(reading, kind, role).find(({ seed }) => !taken.has(seed.peer_id));
      if (resumed) return { identity: toCitizen(resumed), source: 'resumed' };
      const broken = reading.malformed.find((row) => couldBe(row, kind, role));
      if (broken) throw unreadable(broken);
      const household = await householdOf(reading, crypto, random);
      const born = await giveBirth({ kind, role, household }, deps);
      return { identity: toCitizen(born), source: 'minted' };
    });

  return {
    draw: (role, hosted) => draw('persona', role, hosted),
    human: async () => (await draw('human', 'custom', NOBODY)).identity,
    backup: async () => {
      const { identities, household } = await store.read();
      const code = household?.recoveryCode;
      return { identities: identities.length, ...(code !== undefined && { recoveryCode: code }) };
    },
    backupFile: async () => {
      const nowMs = clock.nowMs();
      const day = new Date(nowMs).toISOString().slice(0, 10);
      return { fileName: `persona-node-backup-${day}.json`, text: await createBackup(store, crypto, nowMs) };
    },
    restore: (fileText, recoveryCode) =>
      inTurn(async () => {
        const { restored, skipped, renamed } = await restoreBackup(fileText, recoveryCode, {
          ...deps,
          nowMs: clock.nowMs(),
        });
        log.log('info', 'identity.restored', { restored, skipped });
        for (const { from, to } of renamed) log.log('warn', 'identity.renamed', { from, to });
        return { restored, skipped };
      }),
    confirmRecoveryCodeSaved: () =>
      store.update(({ household }) => {
        if (!household) return {};
        const { publicKey, lockedPrivateKey, signingPublicKey, signingKey } = household;
        return { household: { publicKey, lockedPrivateKey, signingPublicKey, signingKey } };
      }),
  };
}

/** Who was restored comes first, since a person asked for her by name; then the oldest. */
function candidates<Key>(
  reading: IdentityReading<Key>,
  kind: CitizenKind,
  role: RoleId,
): readonly StoredIdentity<Key>[] {
  return reading.identities
    .filter(({ seed }) => seed.kind === kind && seed.role === role)
    .toSorted((a, b) => (b.restoredAtMs ?? 0) - (a.restoredAtMs ?? 0));
}

/** Nobody is born in place of somebody who may only be unreadable: she would be a stranger under a known role. */
function couldBe(row: MalformedRow, kind: CitizenKind, role: RoleId): boolean {
  if (row.key === HOUSEHOLD_KEY) return false;
  return (row.kind ?? kind) === kind && (row.role ?? role) === role;
}

function unreadable({ key, problem }: MalformedRow): AppError {
  return new AppError('SeedMalformed', `The identity stored as ${key} cannot be read (${problem}).`);
}
