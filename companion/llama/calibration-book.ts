/** Owns which measurements are remembered: by model, machine and release of llama.cpp, the oldest forgotten first. */
import * as v from 'valibot';
import { CalibrationSchema, type Calibration } from './calibration.ts';

/** More models than anybody changes between. */
export const MAX_CALIBRATIONS = 64;

export const KeptCalibrationSchema = v.object({
  /** SHA-256 of the file. */
  model: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  cores: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  cpu: v.pipe(v.string(), v.maxLength(200)),
  /** Of llama.cpp. */
  release: v.pipe(v.string(), v.maxLength(100)),
  measured: CalibrationSchema,
});
export type KeptCalibration = v.InferOutput<typeof KeptCalibrationSchema>;
export type CalibrationKey = Omit<KeptCalibration, 'measured'>;

export class CalibrationBook {
  #kept: readonly KeptCalibration[];
  readonly #save: (kept: readonly KeptCalibration[]) => Promise<void>;

  /** `kept` begins with the oldest; `save` gets all of them after a change. */
  constructor(
    kept: readonly KeptCalibration[] = [],
    save: (kept: readonly KeptCalibration[]) => Promise<void> = () => Promise.resolve(),
  ) {
    this.#kept = kept;
    this.#save = save;
  }

  find(key: CalibrationKey): Calibration | undefined {
    const found = this.#kept.find((one) => isFor(one, key))?.measured;
    // A file that somebody changed by hand must not ask for more threads than there are cores.
    return found && found.threads <= key.cores ? found : undefined;
  }

  /** Known from here on; rejects where it cannot be saved. */
  async keep(key: CalibrationKey, measured: Calibration): Promise<void> {
    const others = this.#kept.filter((one) => !isFor(one, key));
    this.#kept = [...others, { ...key, measured }].slice(-MAX_CALIBRATIONS);
    await this.#save(this.#kept);
  }
}

function isFor(kept: CalibrationKey, { model, cores, cpu, release }: CalibrationKey): boolean {
  return kept.model === model && kept.cores === cores && kept.cpu === cpu && kept.release === release;
}
