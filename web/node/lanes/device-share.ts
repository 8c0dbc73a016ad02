/** Owns which part of the device's time thinking may take, as the person last chose. */
import * as v from 'valibot';
import type { SettingsStore } from '../storage/stores.ts';

const KEY = 'device-share';

export const DEVICE_SHARES = [1, 0.5, 0.25] as const;
export type DeviceShare = (typeof DEVICE_SHARES)[number];
export const DeviceShareSchema = v.picklist(DEVICE_SHARES);

export async function loadShare(settings: SettingsStore): Promise<DeviceShare> {
  const row = v.safeParse(DeviceShareSchema, await settings.get(KEY));
  return row.success ? row.output : 1;
}

export function keepShare(settings: SettingsStore, share: DeviceShare): Promise<void> {
  return settings.put(KEY, share);
}
