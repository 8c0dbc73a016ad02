/** Owns what a run of the program is given from outside. */
import type { Clock } from '../../shared/clock.ts';
import type { RandomSource } from '../../shared/random.ts';
import type { CompanionParts } from './companion.ts';
import type { Terminal } from './terminal.ts';

export interface ProgramDeps {
  readonly parts: CompanionParts;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly terminal: Terminal;
  readonly cwd: string;
  /** Aborts at the first signal to end. */
  readonly signal: AbortSignal;
}
