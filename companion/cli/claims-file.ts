/** Owns the stored form of the claim pins: which public key belongs to which peer id on this machine. */
import * as v from 'valibot';
import { UuidSchema } from '../../shared/airc/model.ts';
import type { RandomSource } from '../../shared/random.ts';
import { ClaimPins, MAX_PINS } from '../bridge/claim-pins.ts';
import { readStored, writeStored, type StoredForm } from './stored-json.ts';

const FORM: StoredForm<{ readonly claims: readonly { peerId: string; publicKey: string }[] }> = {
  version: 1,
  schema: v.object({
    claims: v.pipe(
      v.array(
        v.object({
          peerId: UuidSchema,
          /** Raw Ed25519 public key, base64url. */
          publicKey: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/)),
        }),
      ),
      v.maxLength(MAX_PINS),
    ),
  }),
  what: 'a list of claimed identities',
};

/** Rejects with `HomeUnusable` or `StoreTooNew`, and leaves the file alone. */
export async function openClaimPins(path: string, random: RandomSource): Promise<ClaimPins> {
  const stored = await readStored(path, FORM);
  const pins = new Map(stored?.claims.map(({ peerId, publicKey }) => [peerId, publicKey]));
  return new ClaimPins(pins, (table) => {
    const claims = Array.from(table, ([peerId, publicKey]) => ({ peerId, publicKey }));
    return writeStored(path, FORM, { claims }, random);
  });
}
