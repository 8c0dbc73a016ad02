/** Owns which roles a node hosts. */
import type { RoleId } from '../../../shared/persona/identity.ts';

/** One helper on every tier in this version. Identities are drawn by role, so a longer list cannot swap them. */
export function planRoles(): readonly RoleId[] {
  return ['helper'];
}
