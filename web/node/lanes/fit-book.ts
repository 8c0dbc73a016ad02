/** Owns what loads on this device taught of how much models take, over restarts. */
import * as v from 'valibot';
import { LearnedSchema, type Learned } from '../../../shared/models/fit-learning.ts';
import { FIT_PLACES, type FitPlace } from '../../inference/lane-fit.ts';
import type { SettingsStore } from '../storage/stores.ts';

const KEY = 'fits';
const NOTHING: Learned = { loads: [] };

const RowsSchema = v.pipe(
  v.array(
    v.tuple([
      v.picklist(FIT_PLACES),
      v.object({ device: v.pipe(v.string(), v.maxLength(1_024)), learned: LearnedSchema }),
    ]),
  ),
  v.maxLength(FIT_PLACES.length),
);
type Row = v.InferOutput<typeof RowsSchema>[number][1];

export class FitBook {
  readonly #settings: SettingsStore;
  readonly #rows: Map<FitPlace, Row>;

  private constructor(settings: SettingsStore, rows: Map<FitPlace, Row>) {
    this.#settings = settings;
    this.#rows = rows;
  }

  static async load(settings: SettingsStore): Promise<FitBook> {
    const rows = v.safeParse(RowsSchema, await settings.get(KEY));
    return new FitBook(settings, new Map(rows.success ? rows.output : []));
  }

  /** Nothing where another device was there when it was learned. */
  of(place: FitPlace, device: string): Learned {
    const row = this.#rows.get(place);
    return row?.device === device ? row.learned : NOTHING;
  }

  /** Resolves once it is kept. */
  async learn(place: FitPlace, device: string, change: (learned: Learned) => Learned): Promise<void> {
    const before = this.of(place, device);
    const learned = change(before);
    if (learned === before) return;
    this.#rows.set(place, { device, learned });
    await this.#settings.put(KEY, [...this.#rows]);
  }
}
