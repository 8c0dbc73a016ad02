/**
 * Owns the interface to the cryptography of identities. Keys are handles: no caller ever holds a private key's bytes.
 * WebCrypto in the product, a deterministic stand-in in the simulation.
 */
import type { Uuid } from '../../../shared/airc/model.ts';
import type { Signer } from '../../../shared/signatures.ts';
import type { LockedKey, SealedKey } from '../storage/database.ts';

/** A citizen's keys as they are stored. */
export interface CitizenKeys<Key> {
  /** Ed25519, raw, base64url. */
  readonly publicKey: string;
  /** Cannot be exported. */
  readonly privateKey: Key;
  /** The same private key, sealed to the household; bound to peer id and public key. */
  readonly sealed: SealedKey;
}

/** The part of a household that a backup file carries. All keys raw, base64url. */
export interface LockedHousehold {
  /** X25519: what citizens' keys are sealed to. */
  readonly publicKey: string;
  /** Ed25519: what backup files are signed with. Authenticated by `lockedPrivateKey`, as is `publicKey`. */
  readonly signingPublicKey: string;
  readonly lockedPrivateKey: LockedKey;
}

export interface HouseholdKeys<Key> extends LockedHousehold {
  /** Cannot be exported. */
  readonly signingKey: Key;
}

export interface IdentityCrypto<Key> {
  /** A new household whose private half opens with `recoveryCode` only. */
  createHousehold(recoveryCode: string): Promise<HouseholdKeys<Key>>;
  /** A new citizen, her private key sealed to the household at once and otherwise forgotten. */
  createCitizen(peerId: Uuid, householdPublicKey: string): Promise<CitizenKeys<Key>>;
  /** Ed25519 with a stored key. */
  signer(publicKey: string, privateKey: Key): Signer;
  /** Rejects with `BackupCodeWrong` when the code does not open it, which a changed household does not either. */
  openHousehold(household: LockedHousehold, recoveryCode: string): Promise<OpenHousehold<Key>>;
}

/** A household whose private half is at hand, to move its citizens out of a backup. */
export interface OpenHousehold<Key> {
  /**
   * Opens a sealed key and seals it anew to another household. Rejects with `BackupMalformed` when it cannot be opened
   * or is not the private half of `publicKey`.
   */
  moveCitizen(
    citizen: { readonly peerId: Uuid; readonly publicKey: string; readonly sealed: SealedKey },
    toHouseholdPublicKey: string,
  ): Promise<CitizenKeys<Key>>;
}
