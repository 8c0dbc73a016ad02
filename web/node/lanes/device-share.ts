/** Owns which part of the device's time thinking may take, as the person last chose. */
import * as v from 'valibot';
import type { SettingsStore } from '../storage/stores.ts';
import { KeptSetting } from './kept-setting.ts';

export const DEVICE_SHARES = [1, 0.5, 0.25] as const;
export type DeviceShare = (typeof DEVICE_SHARES)[number];
export const DeviceShareSchema = v.picklist(DEVICE_SHARES);

export type KeptShare = KeptSetting<DeviceShare>;

export function keptShare(settings: SettingsStore): Promise<KeptShare> {
  return KeptSetting.load(settings, { key: 'device-share', schema: DeviceShareSchema, first: 1 });
}
