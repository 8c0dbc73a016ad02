/** Owns the context of one persona (`ctx`): passed whole, so that nothing is derived twice. */
import type { PersonaCognition } from '../../brain/turn.ts';
import type { InferenceLane } from '../../../shared/inference/lane.ts';
import type { InferenceProfile } from '../../../shared/inference/profile.ts';
import type { Logger } from '../../../shared/log.ts';
import type { RoleId } from '../../../shared/persona/identity.ts';
import type { AircCitizen } from '../citizen/airc-citizen.ts';
import type { CitizenIdentity } from '../citizen/citizen-identity.ts';

export interface PersonaContext {
  readonly identity: CitizenIdentity;
  readonly role: RoleId;
  readonly profile: InferenceProfile;
  readonly adapter: InferenceLane;
  readonly citizen: AircCitizen;
  readonly cognition: PersonaCognition;
  /** Carries persona id, name, peer id, role, tier, context length and model on every line. */
  readonly log: Logger;
}

/** The fixed fields of `ctx.log`. */
export function contextLogger(
  log: Logger,
  { identity, profile }: Pick<PersonaContext, 'identity' | 'profile'>,
): Logger {
  return log.child({
    persona: identity.seed.peer_id,
    name: identity.seed.agent_name,
    peer: identity.seed.peer_id,
    role: identity.seed.role,
    tier: profile.tierId,
    contextTokens: profile.contextTokens,
    model: profile.modelName,
  });
}
