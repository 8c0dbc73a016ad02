/** Owns which persona thinks with which LoRA adapter: chosen by the person, kept over restarts. */
import * as v from 'valibot';
import type { AdapterOffer } from '../../../shared/bridge/adapter-offer.ts';
import { AdapterIdSchema, type AdapterUse } from '../../../shared/inference/genome/adapters.ts';
import { UuidSchema } from '../../../shared/airc/model.ts';
import type { SettingsStore } from '../storage/stores.ts';
import type { AdapterView } from '../view.ts';

const KEY = 'adapters';

const RowsSchema = v.array(v.tuple([UuidSchema, v.object({ id: AdapterIdSchema, name: v.string() })]));
type Chosen = v.InferOutput<typeof RowsSchema>[number][1];

export class AdapterChoices {
  readonly #settings: SettingsStore;
  /** By peer id. */
  readonly #chosen: Map<string, Chosen>;

  private constructor(settings: SettingsStore, chosen: Map<string, Chosen>) {
    this.#settings = settings;
    this.#chosen = chosen;
  }

  static async load(settings: SettingsStore): Promise<AdapterChoices> {
    const rows = v.safeParse(RowsSchema, await settings.get(KEY));
    return new AdapterChoices(settings, new Map(rows.success ? rows.output : []));
  }

  /** What her next turn asks of the lane; a lane that cannot, or has it no more, refuses the turn by name. */
  usesOf(peerId: string): readonly AdapterUse[] {
    const chosen = this.#chosen.get(peerId);
    return chosen ? [{ id: chosen.id, scale: 1 }] : [];
  }

  /** One at most; undefined is the model alone. */
  async choose(peerId: string, adapter: Chosen | undefined): Promise<void> {
    if (adapter) this.#chosen.set(peerId, adapter);
    else this.#chosen.delete(peerId);
    await this.#settings.put(KEY, [...this.#chosen]);
  }

  /** What the companion offers, and what somebody has chosen that it offers no more. */
  view(offers: readonly AdapterOffer[]): readonly AdapterView[] {
    const here = offers.map(({ id, name, sizeBytes, provenance }) => ({
      id,
      name,
      sizeBytes,
      isHere: true,
      ...(provenance && { from: Object.values(provenance).filter(Boolean).join(', ') }),
    }));
    const gone = [...this.#chosen.values()]
      .filter(({ id }, at, all) => all.findIndex((other) => other.id === id) === at)
      .filter(({ id }) => !offers.some((offer) => offer.id === id))
      .map(({ id, name }) => ({ id, name, sizeBytes: 0, isHere: false }));
    return [...here, ...gone].map((each) => ({
      ...each,
      usedBy: [...this.#chosen].flatMap(([peerId, { id }]) => (id === each.id ? [peerId] : [])),
    }));
  }
}
