/** Owns whether a model fits on the lane that the plan chose for it, from what browser and companion tell of themselves. */
import type { ModelOffer } from '../../shared/bridge/messages.ts';
import type { Ready } from '../../shared/bridge/protocol.ts';
import { requireAddressable, type Fit } from '../../shared/models/fit.ts';
import type { LaneReport } from '../../shared/inference/lane.ts';
import type { Learned } from '../../shared/models/fit-learning.ts';
import { fitInCompanion, fitOnWasm, fitOnWebgpu, type ModelToFit } from '../../shared/models/fit-places.ts';
import type { FileSource, FoundModelRef } from './models/model-source.ts';
import type { LanePlan } from './plan.ts';
import type { DeviceProbe } from './probe.ts';

export interface FitDevices {
  readonly probe: DeviceProbe;
  /** As the companion's `ready` says. */
  readonly machine: { readonly memoryBytes: number };
}

/** Where a model's bytes lie, by engine: what is learned of one says nothing of another. */
export const FIT_PLACES = ['companion', 'webgpu', 'mlc', 'wasm'] as const;
export type FitPlace = (typeof FIT_PLACES)[number];

export function placeOf(plan: LanePlan): FitPlace {
  if (plan.lane !== 'gguf') return plan.lane;
  return plan.withoutWebgpu === undefined ? 'webgpu' : 'wasm';
}

/** Where it really came to lie; undefined where that is not on this machine. */
export function placeOfReport({ lane, backend }: LaneReport): FitPlace | undefined {
  if (lane === 'endpoint') return undefined;
  if (lane !== 'gguf') return lane;
  return backend === 'webgpu' ? 'webgpu' : 'wasm';
}

/** A system counts its own memory a little otherwise after an update. */
const MEMORY_STEP_BYTES = 512 * 1024 * 1024;

/** Tells two devices apart as well as a browser lets us: what was learned on one is nothing for the other. */
export function deviceName(
  place: FitPlace,
  { probe, machine }: { readonly probe: DeviceProbe; readonly machine: Ready['machine'] },
): string {
  const facts =
    place === 'companion'
      ? [
          machine.cores,
          Math.round(machine.memoryBytes / MEMORY_STEP_BYTES),
          ...[machine.llamaGpu ?? []].flat(),
        ]
      : [place === 'wasm' ? probe.cores : probe.adapter, probe.memoryBytes, probe.maxBufferBytes];
  return JSON.stringify(facts);
}

export function fitAt(
  place: FitPlace,
  model: ModelToFit,
  { probe, machine }: FitDevices,
  learned?: Learned,
): Fit {
  switch (place) {
    case 'companion':
      return fitInCompanion(model, machine.memoryBytes, learned);
    case 'webgpu':
    case 'mlc':
      return fitOnWebgpu(model, probe, learned);
    case 'wasm':
      return fitOnWasm(model, probe, learned);
  }
}

/** Throws `ModelTooLarge` before a byte of the model is fetched, stored, hashed or sent. */
export function requireLoadable(
  source: FileSource | { readonly kind: 'found'; readonly found: FoundModelRef },
  plan: LanePlan,
  devices: FitDevices,
): void {
  const known = knownOf(source);
  requireAddressable(known.name, fitAt(placeOf(plan), known, devices));
}

function knownOf(
  source: Parameters<typeof requireLoadable>[0],
): Pick<ModelOffer, 'name' | 'sizeBytes' | 'needs'> {
  switch (source.kind) {
    case 'offer':
      return source.offer;
    case 'found':
      return source.found;
    case 'remembered':
      return source.model;
    case 'file':
      return { name: source.file.name, sizeBytes: source.file.size };
  }
}
