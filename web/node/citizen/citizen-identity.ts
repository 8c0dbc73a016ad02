/** Owns what the host needs of an identity: the seed and something that signs as it. */
import type { Seed } from '../../../shared/persona/identity.ts';
import type { Signer } from '../../../shared/signatures.ts';

export interface CitizenIdentity {
  readonly seed: Seed;
  /** Signs with the citizen's own key, which stays inside. */
  readonly signer: Signer;
}
