/** Owns how a figure is told: beside its baseline, a control and a target, in one line, and never as a failure. */

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** A baseline measured against itself that is further off than this leaves nothing to conclude. */
const CONTROL_WITHIN = 0.15;

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
  return { median, least: sorted[0] ?? NaN, most: sorted.at(-1) ?? NaN };
}

export interface Comparison {
  readonly what: string;
  /** One sample a round, in the order of the rounds. */
  readonly ours: readonly number[];
  readonly baseline: readonly number[];
  /** Name of the baseline. */
  readonly against: string;
  /** The baseline a second time in the same rounds. */
  readonly control?: readonly number[];
  readonly atMost: number;
}

/** The median of the ratios round by round, with the least and the most. */
export function ratioLine({ what, ours, baseline, against, control, atMost }: Comparison): string {
  const ratio = spreadOf(pairs(ours, baseline, (a, b) => a / b));
  const aa = control && spreadOf(pairs(control, baseline, (a, b) => a / b));
  return [
    `${what}: ${ms(spreadOf(ours).median)}`,
    `${against} ${ms(spreadOf(baseline).median)}`,
    `ratio ${told(ratio, (value) => value.toFixed(2))}`,
    ...(aa ? [`A/A ${told(aa, (value) => value.toFixed(2))}`] : []),
    `target <= ${atMost}x`,
    verdict(ratio.median <= atMost, aa !== undefined && Math.abs(aa.median - 1) > CONTROL_WITHIN),
  ].join('; ');
}

/** The median of the differences round by round. A control that is further off than the target decides nothing. */
export function addedLine({ what, ours, baseline, against, control, atMost }: Comparison): string {
  const added = spreadOf(pairs(ours, baseline, (a, b) => a - b));
  const aa = control && spreadOf(pairs(control, baseline, (a, b) => a - b));
  return [
    `${what}: ${ms(spreadOf(ours).median)}`,
    `${against} ${ms(spreadOf(baseline).median)}`,
    `added ${told(added, ms)}`,
    ...(aa ? [`A/A ${told(aa, ms)}`] : []),
    `target <= ${atMost} ms`,
    verdict(added.median <= atMost, aa !== undefined && Math.abs(aa.median) > atMost),
  ].join('; ');
}

export function verdict(isMet: boolean, isBlurred = false): string {
  if (isBlurred) return 'inconclusive: the control is off';
  return isMet ? 'met' : 'MISSED';
}

export function ms(value: number): string {
  return `${value.toFixed(Math.abs(value) < 10 ? 2 : 0)} ms`;
}

function told({ median, least, most }: Spread, say: (value: number) => string): string {
  return `${say(median)} (${say(least)} to ${say(most)})`;
}

function pairs(
  ours: readonly number[],
  baseline: readonly number[],
  of: (a: number, b: number) => number,
): number[] {
  return ours.map((value, round) => of(value, baseline[round] ?? NaN));
}
