/** Owns how often the companion was started with this home: the ground on which fences grow over restarts. */
import * as v from 'valibot';
import type { RandomSource } from '../../shared/random.ts';
import { readStored, writeStored, type StoredForm } from './stored-json.ts';

/** Fences are start count × 2^20 and must stay safe integers. */
const MAX_STARTS = 2 ** 32;

const FORM: StoredForm<{ readonly starts: number }> = {
  version: 1,
  schema: v.object({ starts: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(MAX_STARTS)) }),
  what: 'the count of starts',
};

/** Counts this start, on disk before it returns. Rejects with `HomeUnusable` or `StoreTooNew`. */
export async function countStart(path: string, random: RandomSource): Promise<number> {
  const stored = await readStored(path, FORM);
  const starts = (stored?.starts ?? 0) + 1;
  await writeStored(path, FORM, { starts }, random);
  return starts;
}
