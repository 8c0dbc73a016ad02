/** Owns what a boot reports: how many were planned and hosted, and what became of the others. */
import type { Uuid } from '../../../shared/airc/model.ts';
import type { AppError } from '../../../shared/errors.ts';
import type { RoleId } from '../../../shared/persona/identity.ts';

export const BOOT_STAGES = [
  'plan',
  'bootstrap',
  'profile',
  'adapter',
  'warmup',
  'brain',
  'prime',
  'spawn',
  'attach',
] as const;
export type BootStage = (typeof BOOT_STAGES)[number];

export interface BootSlotFailure {
  readonly slotIndex: number;
  readonly role: RoleId;
  /** Absent when she has no identity yet. */
  readonly personaId?: Uuid;
  readonly stage: BootStage;
  readonly error: AppError;
}

/** Hosted means primed and attached: the persona hears and answers. */
export interface BootSummary {
  readonly planned: number;
  readonly hosted: number;
  readonly failures: readonly BootSlotFailure[];
  readonly tierId: string;
  readonly tierIsFallback: boolean;
  /** Wall time. */
  readonly startedAtMs: number;
  readonly durationMs: number;
}
