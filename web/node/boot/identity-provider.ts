/** Owns the interface to where identities come from: by role, resumed where there is one, minted where not. */
import type { Uuid } from '../../../shared/airc/model.ts';
import type { RoleId } from '../../../shared/persona/identity.ts';
import type { CitizenIdentity } from '../citizen/citizen-identity.ts';

export interface DrawnIdentity {
  readonly identity: CitizenIdentity;
  readonly source: 'resumed' | 'minted';
}

export interface IdentityProvider {
  /**
   * A persona of this role who is not among `hosted`. An identity that could not be stored is not given out: `SeedWriteFailed`; one that cannot
   * be read stays untouched: `SeedMalformed`.
   */
  draw(role: RoleId, hosted: ReadonlySet<Uuid>): Promise<DrawnIdentity>;
}
