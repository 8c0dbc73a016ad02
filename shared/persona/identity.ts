/** Owns the identity vocabulary: seed, role, kind of citizen. */
import * as v from 'valibot';
import { UuidSchema } from '../airc/model.ts';

/** Role ids of the Rust host. Only `helper` is planned by this version. */
export const ROLE_IDS = ['helper', 'coder', 'sentinel', 'custom'] as const;
export type RoleId = (typeof ROLE_IDS)[number];

/** Who speaks: as signed in `x-persona.kind`. */
export const CITIZEN_KINDS = ['persona', 'human'] as const;
export type CitizenKind = (typeof CITIZEN_KINDS)[number];

export const SEED_VERSION = 1;

/**
 * The stored identity of one citizen, without its private key. Role is in the seed from the first version on, so that
 * the order on disk can never swap roles. Field names are those of the Rust host's seed file.
 */
export const SeedSchema = v.object({
  version: v.literal(SEED_VERSION),
  peer_id: UuidSchema,
  client_id: UuidSchema,
  agent_name: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  kind: v.picklist(CITIZEN_KINDS),
  /** `custom` for the human at the page. */
  role: v.picklist(ROLE_IDS),
  /** Raw Ed25519 public key, base64url. */
  public_key: v.pipe(v.string(), v.length(43)),
  created_at_ms: v.pipe(v.number(), v.safeInteger()),
});
export type Seed = v.InferOutput<typeof SeedSchema>;
