/** Owns how a failure is shown: cause, next step, time; the newest twenty. */
import type { Clock } from '../../../shared/clock.ts';
import { toWireError, type AppError, type ErrorCode } from '../../../shared/errors.ts';
import type { Trouble } from '../view.ts';

const KEPT = 20;

export function troubleOf(error: AppError, clock: Clock): Trouble {
  return { ...toWireError(error), nextStep: error.nextStep, atMs: clock.nowMs() };
}

/** Without what is over. */
export function dropTroubles(
  troubles: readonly Trouble[],
  codes: ReadonlySet<ErrorCode>,
): readonly Trouble[] {
  return troubles.filter(({ code }) => !codes.has(code));
}

/** With the new one last. The same cause told again replaces its earlier telling. */
export function addTrouble(troubles: readonly Trouble[], added: Trouble): readonly Trouble[] {
  const others = troubles.filter(({ code, message }) => code !== added.code || message !== added.message);
  return [...others, added].slice(-KEPT);
}
