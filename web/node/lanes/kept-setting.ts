/** Owns one thing that the person chose, the same for the whole node, however often it is started anew. */
import * as v from 'valibot';
import type { SettingsStore } from '../storage/stores.ts';

interface SettingForm<T> {
  readonly key: string;
  readonly schema: v.GenericSchema<unknown, T>;
  /** While nothing was chosen, or what is kept is nothing of the kind. */
  readonly first: T;
}

export class KeptSetting<T> {
  readonly #settings: SettingsStore;
  readonly #key: string;
  #current: T;

  private constructor(settings: SettingsStore, key: string, current: T) {
    this.#settings = settings;
    this.#key = key;
    this.#current = current;
  }

  static async load<T>(
    settings: SettingsStore,
    { key, schema, first }: SettingForm<T>,
  ): Promise<KeptSetting<T>> {
    const row = v.safeParse(schema, await settings.get(key));
    return new KeptSetting(settings, key, row.success ? row.output : first);
  }

  get current(): T {
    return this.#current;
  }

  async keep(value: T): Promise<void> {
    await this.#settings.put(this.#key, value);
    this.#current = value;
  }
}
