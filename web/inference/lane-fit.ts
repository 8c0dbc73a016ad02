/** Owns whether a model fits on the lane that the plan chose for it, from what browser and companion tell of themselves. */
import type { ModelOffer } from '../../shared/bridge/messages.ts';
import { requireAddressable, type Fit } from '../../shared/models/fit.ts';
import { fitInCompanion, fitOnWasm, fitOnWebgpu, type ModelToFit } from '../../shared/models/fit-places.ts';
import type { FileSource, FoundModelRef } from './models/model-source.ts';
import type { LanePlan } from './plan.ts';
import type { DeviceProbe } from './probe.ts';

export interface FitDevices {
  readonly probe: DeviceProbe;
  /** As the companion's `ready` says. */
  readonly machine: { readonly memoryBytes: number };
}

export function fitOnLane(plan: LanePlan, model: ModelToFit, { probe, machine }: FitDevices): Fit {
  if (plan.lane === 'companion') return fitInCompanion(model, machine.memoryBytes);
  const isOnGpu = plan.lane === 'mlc' || plan.withoutWebgpu === undefined;
  return isOnGpu ? fitOnWebgpu(model, probe) : fitOnWasm(model, probe);
}

/** Throws `ModelTooLarge` before a byte of the model is fetched, stored, hashed or sent. */
export function requireLoadable(
  source: FileSource | { readonly kind: 'found'; readonly found: FoundModelRef },
  plan: LanePlan,
  devices: FitDevices,
): void {
  const known = knownOf(source);
  requireAddressable(known.name, fitOnLane(plan, known, devices));
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
