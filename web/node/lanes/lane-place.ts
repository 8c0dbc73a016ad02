/** Owns where the person wants thinking to be, and what that is beside what the companion was started with. */
import * as v from 'valibot';
import type { ForcedLane } from '../../../shared/inference/lane.ts';
import type { AskedLane } from '../../inference/plan.ts';
import type { SettingsStore } from '../storage/stores.ts';
import { KeptSetting } from './kept-setting.ts';

export const LANE_PLACES = ['auto', 'tab', 'companion'] as const;
export type LanePlace = (typeof LANE_PLACES)[number];
export const LanePlaceSchema = v.picklist(LANE_PLACES);

export type KeptPlace = KeptSetting<LanePlace>;

export function keptPlace(settings: SettingsStore): Promise<KeptPlace> {
  return KeptSetting.load(settings, { key: 'lane-place', schema: LanePlaceSchema, first: 'auto' });
}

/** What the start asked for stands above what the person chose before. */
export function askedLane(forcedLane: ForcedLane | undefined, place: LanePlace): AskedLane | undefined {
  if (forcedLane !== undefined) return { lane: forcedLane, by: 'start' };
  switch (place) {
    case 'auto':
      return undefined;
    case 'tab':
      return { lane: 'gguf', by: 'person' };
    case 'companion':
      return { lane: 'companion', by: 'person' };
  }
}
