/**
 * Owns bringing the identities of a backup into this browser. Their private keys are sealed anew to the household that
 * lives here, so from then on this browser's own recovery code opens them; the household of the file is not taken over.
 */
import { fromBase64Url } from '../../../shared/base64url.ts';
import { AppError } from '../../../shared/errors.ts';
import { birthName } from '../../../shared/persona/names.ts';
import type { RandomSource } from '../../../shared/random.ts';
import type { SignatureVerifier } from '../../../shared/signatures.ts';
import type {
  IdentityChange,
  IdentityReading,
  IdentityStore,
  StoredIdentity,
} from '../storage/identity-store.ts';
import { parseBackup, signedBackupBytes, type Backup } from './backup-file.ts';
import { householdOf, withHousehold } from './first-household.ts';
import type { IdentityCrypto } from './identity-crypto.ts';

export interface RestoreDeps<Key> {
  readonly store: IdentityStore<Key>;
  readonly crypto: IdentityCrypto<Key>;
  readonly verifier: SignatureVerifier;
  readonly nowMs: number;
  readonly random: RandomSource;
}

export interface RestoreReport {
  readonly restored: number;
  /** Here already, with the same key. */
  readonly skipped: number;
  /** Born here after the backup was written, with a name that belongs to somebody in it. */
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
}

/**
 * All or nothing. Rejects with `BackupMalformed`, `BackupCodeWrong`, `IdentityConflict` (an id has another key here, or
 * a name belongs to somebody who is older than the backup) or `StorageFailed`; nothing is changed then.
 */
export async function restoreBackup<Key>(
  text: string,
  recoveryCode: string,
  deps: RestoreDeps<Key>,
): Promise<RestoreReport> {
  const { store, crypto, verifier, random, nowMs } = deps;
  const backup = parseBackup(text);
  const open = await crypto.openHousehold(backup.household, recoveryCode);
  await checkSignature(backup, verifier);
  const household = await householdOf(await store.read(), crypto, random);
  const arriving: StoredIdentity<Key>[] = [];
  for (const { seed, sealed } of backup.identities) {
    const moved = { peerId: seed.peer_id, publicKey: seed.public_key, sealed };
    const keys = await open.moveCitizen(moved, household.publicKey);
    arriving.push({ seed, privateKey: keys.privateKey, sealed: keys.sealed, restoredAtMs: nowMs });
  }
  let report: RestoreReport = { restored: 0, skipped: 0, renamed: [] };
  await store.update((present) => {
    const move = moveIn(arriving, present, backup.createdAtMs);
    report = move.report;
    return { ...move.change, ...withHousehold(present, household) };
  });
  return report;
}

/** The code opened the household and so vouches for its signing key; that key vouches for the rest. */
async function checkSignature(backup: Backup, verifier: SignatureVerifier): Promise<void> {
  const key = fromBase64Url(backup.household.signingPublicKey);
  const signature = fromBase64Url(backup.signature);
  const good = key && signature && (await verifier.verify(key, signedBackupBytes(backup), signature));
  if (!good) throw new AppError('BackupMalformed', 'The backup file was changed after it was written.');
}

function moveIn<Key>(
  arriving: readonly StoredIdentity<Key>[],
  present: IdentityReading<Key>,
  backupAtMs: number,
): { readonly change: IdentityChange<Key>; readonly report: RestoreReport } {
  const here = new Map(present.identities.map((identity) => [identity.seed.peer_id, identity.seed]));
  const moving = arriving.filter(({ seed }) => here.get(seed.peer_id)?.public_key !== seed.public_key);
  const broken = new Set(present.malformed.map(({ key }) => key));
  const taken = new Set([...present.identities, ...moving].map(({ seed }) => seed.agent_name));
  const makingRoom = present.identities
    .filter(({ seed }) => seed.created_at_ms > backupAtMs)
    .filter(({ seed }) => moving.some((other) => other.seed.agent_name === seed.agent_name))
    .map((identity) => {
      const { seed } = identity;
      const name = birthName(seed.peer_id, seed.kind, taken);
      taken.add(name);
      return { ...identity, seed: { ...seed, agent_name: name } };
    });
  return {
    change: {
      identities: [...makingRoom, ...moving],
      setAside: moving.map(({ seed }) => seed.peer_id).filter((peerId) => broken.has(peerId)),
    },
    report: {
      restored: moving.length,
      skipped: arriving.length - moving.length,
      renamed: makingRoom.map(({ seed }) => ({
        from: here.get(seed.peer_id)?.agent_name ?? '',
        to: seed.agent_name,
      })),
    },
  };
}
