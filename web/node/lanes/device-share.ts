/** Owns which part of the device's time thinking may take, as the person last chose. */
import * as v from 'valibot';
import type { SettingsStore } from '../storage/stores.ts';

const KEY = 'device-share';

export const DEVICE_SHARES = [1, 0.5, 0.25] as const;
export type DeviceShare = (typeof DEVICE_SHARES)[number];
export const DeviceShareSchema = v.picklist(DEVICE_SHARES);

/** One for the whole node, however often it is started anew. */
export class KeptShare {
  readonly #settings: SettingsStore;
  #current: DeviceShare;

  private constructor(settings: SettingsStore, current: DeviceShare) {
    this.#settings = settings;
    this.#current = current;
  }

  static async load(settings: SettingsStore): Promise<KeptShare> {
    const row = v.safeParse(DeviceShareSchema, await settings.get(KEY));
    return new KeptShare(settings, row.success ? row.output : 1);
  }

  get current(): DeviceShare {
    return this.#current;
  }

  async keep(share: DeviceShare): Promise<void> {
    this.#current = share;
    await this.#settings.put(KEY, share);
  }
}
