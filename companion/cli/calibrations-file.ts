/** Owns the stored form of the measured speeds. */
import * as v from 'valibot';
import type { Logger } from '../../shared/log.ts';
import type { RandomSource } from '../../shared/random.ts';
import {
  CalibrationBook,
  KeptCalibrationSchema,
  MAX_CALIBRATIONS,
  type KeptCalibration,
} from '../llama/calibration-book.ts';
import { readStored, writeStored, type StoredForm } from './stored-json.ts';

const FORM: StoredForm<{ readonly calibrations: readonly KeptCalibration[] }> = {
  version: 1,
  schema: v.object({
    calibrations: v.pipe(v.array(KeptCalibrationSchema), v.maxLength(MAX_CALIBRATIONS)),
  }),
  what: 'a list of measured speeds',
};

/** Never rejects: a file that cannot be read holds nothing that is not soon measured again, and is replaced then. */
export async function openCalibrations(
  path: string,
  { random, log }: { readonly random: RandomSource; readonly log: Logger },
): Promise<CalibrationBook> {
  const stored = await readStored(path, FORM).catch((error: unknown) => {
    log.log('warn', 'calibrations_renewed', { reason: String(error) });
    return undefined;
  });
  return new CalibrationBook(stored?.calibrations, (calibrations) =>
    writeStored(path, FORM, { calibrations }, random),
  );
}
