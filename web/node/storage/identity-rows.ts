/** Owns reading the stored rows of identities: each is checked whole, and one that fails is told, never repaired. */
import * as v from 'valibot';
import { CITIZEN_KINDS, ROLE_IDS, SeedSchema } from '../../../shared/persona/identity.ts';
import { UuidSchema } from '../../../shared/airc/model.ts';
import {
  HOUSEHOLD_KEY,
  type IdentityReading,
  type MalformedRow,
  type StoredIdentity,
} from './identity-store.ts';

const SET_ASIDE = 'set-aside:';

const Base64UrlSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(512), v.regex(/^[A-Za-z0-9_-]+$/));

/** An X25519 or Ed25519 public key. */
export const PublicKeySchema = v.pipe(Base64UrlSchema, v.length(43));

export const SealedKeySchema = v.strictObject({
  ephemeralPublicKey: PublicKeySchema,
  nonce: v.pipe(Base64UrlSchema, v.length(16)),
  ciphertext: Base64UrlSchema,
});

export const LockedKeySchema = v.strictObject({
  salt: Base64UrlSchema,
  iterations: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  nonce: v.pipe(Base64UrlSchema, v.length(16)),
  ciphertext: Base64UrlSchema,
});

const LooseSchema = v.object({
  seed: v.object({
    kind: v.fallback(v.optional(v.picklist(CITIZEN_KINDS)), undefined),
    role: v.fallback(v.optional(v.picklist(ROLE_IDS)), undefined),
  }),
});

export interface RawRows {
  readonly seeds: readonly { readonly key: string; readonly value: unknown }[];
  /** Undefined when there is none. */
  readonly household: unknown;
}

/** `isKey` tells a private key's handle from anything else. */
export function readIdentityRows<Key>(
  rows: RawRows,
  isKey: (value: unknown) => value is Key,
): IdentityReading<Key> {
  const KeySchema = v.custom<Key>(isKey);
  const IdentitySchema = v.object({
    peerId: UuidSchema,
    agentName: v.string(),
    seed: SeedSchema,
    privateKey: KeySchema,
    sealed: SealedKeySchema,
    restoredAtMs: v.optional(v.number()),
  });
  const HouseholdSchema = v.object({
    publicKey: PublicKeySchema,
    lockedPrivateKey: LockedKeySchema,
    signingPublicKey: PublicKeySchema,
    signingKey: KeySchema,
    recoveryCode: v.optional(v.string()),
  });

  const identities: StoredIdentity<Key>[] = [];
  const malformed: MalformedRow[] = [];
  for (const { key, value } of rows.seeds) {
    if (key.startsWith(SET_ASIDE)) continue;
    const parsed = v.safeParse(IdentitySchema, value);
    if (!parsed.success) {
      malformed.push({ key, problem: problemOf(parsed.issues[0]), ...hintsOf(value) });
      continue;
    }
    const { seed, privateKey, sealed, restoredAtMs, peerId, agentName } = parsed.output;
    if (seed.peer_id !== key || peerId !== key || agentName !== seed.agent_name) {
      malformed.push({ key, problem: 'the row and its seed disagree', kind: seed.kind, role: seed.role });
      continue;
    }
    identities.push({ seed, privateKey, sealed, ...(restoredAtMs !== undefined && { restoredAtMs }) });
  }
  identities.sort(byAge);
  if (rows.household === undefined) return { identities, malformed };
  const household = v.safeParse(HouseholdSchema, rows.household);
  if (!household.success) {
    malformed.push({ key: HOUSEHOLD_KEY, problem: problemOf(household.issues[0]) });
    return { identities, malformed };
  }
  const { recoveryCode, ...keys } = household.output;
  return {
    identities,
    malformed,
    household: { ...keys, ...(recoveryCode !== undefined && { recoveryCode }) },
  };
}

/** Where a malformed row goes that makes room; `at` tells several of one id apart. */
export function setAsideRow(key: string, value: unknown, at: number): { peerId: string; setAside: unknown } {
  return { peerId: `${SET_ASIDE}${key}:${at}`, setAside: value };
}

function byAge<Key>(a: StoredIdentity<Key>, b: StoredIdentity<Key>): number {
  return a.seed.created_at_ms - b.seed.created_at_ms || (a.seed.peer_id < b.seed.peer_id ? -1 : 1);
}

function problemOf(issue: v.BaseIssue<unknown>): string {
  return `${v.getDotPath(issue) ?? 'row'}: ${issue.message}`;
}

function hintsOf(value: unknown): Pick<MalformedRow, 'kind' | 'role'> {
  const parsed = v.safeParse(LooseSchema, value);
  if (!parsed.success) return {};
  const { kind, role } = parsed.output.seed;
  return { ...(kind && { kind }), ...(role && { role }) };
}
