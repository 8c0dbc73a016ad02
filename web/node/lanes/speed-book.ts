/** Owns what is known of the speed of models on this device, over restarts. */
import * as v from 'valibot';
import type { GenerateResult } from '../../../shared/inference/generate.ts';
import type { LaneReport } from '../../../shared/inference/lane.ts';
import { learned, SpeedsSchema, type Speeds } from '../../../shared/inference/speeds.ts';
import type { SettingsStore } from '../storage/stores.ts';

const KEY = 'speeds';
/** Those that were used longest ago are forgotten. */
const MOST_MODELS = 32;

const RowsSchema = v.pipe(v.array(v.tuple([v.string(), SpeedsSchema])), v.maxLength(MOST_MODELS));

export class SpeedBook {
  readonly #settings: SettingsStore;
  readonly #speeds: Map<string, Speeds>;

  private constructor(settings: SettingsStore, speeds: Map<string, Speeds>) {
    this.#settings = settings;
    this.#speeds = speeds;
  }

  static async load(settings: SettingsStore): Promise<SpeedBook> {
    const rows = v.safeParse(RowsSchema, await settings.get(KEY));
    return new SpeedBook(settings, new Map(rows.success ? rows.output : []));
  }

  of(report: LaneReport): Speeds {
    return this.#speeds.get(keyOf(report)) ?? {};
  }

  /** Resolves with what is known now, once it is kept. */
  async learn(report: LaneReport, result: GenerateResult): Promise<Speeds> {
    const key = keyOf(report);
    const speeds = learned(this.of(report), result, TELLS_CACHED[report.lane]);
    this.#speeds.delete(key);
    this.#speeds.set(key, speeds);
    await this.#settings.put(KEY, [...this.#speeds].slice(-MOST_MODELS));
    return speeds;
  }
}

/**
 * Whether the lane tells how much of a prompt its engine had read before. Of another program nobody knows, nor whether it
 * loaded the model meanwhile; web-llm does not say.
 */
const TELLS_CACHED: Readonly<Record<LaneReport['lane'], boolean>> = {
  gguf: true,
  companion: true,
  mlc: false,
  endpoint: false,
};

/** The same model is another one on another lane, and with other threads. */
function keyOf({ lane, backend, threads, model, sentTo }: LaneReport): string {
  return JSON.stringify([lane, backend, threads, model.name, model.sizeBytes, sentTo ?? '']);
}
