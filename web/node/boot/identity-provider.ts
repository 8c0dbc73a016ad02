/** Owns the interface to where identities come from: by role, resumed where there is one, minted where not. */
import type { RoleId } from '../../../shared/persona/identity.ts';
import type { CitizenIdentity } from '../citizen/citizen-identity.ts';

export interface DrawnIdentity {
  readonly identity: CitizenIdentity;
  readonly source: 'resumed' | 'minted';
}

export interface IdentityProvider {
  /**
   * The persona of this role. An identity that could not be stored is not given out: `SeedWriteFailed`; one that cannot
   * be read stays untouched: `SeedMalformed`.
   */
  draw(role: RoleId): Promise<DrawnIdentity>;
}
