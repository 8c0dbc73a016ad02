/** Owns the choice of the lane at birth, and the reason in words for the person. Nothing switches by itself later. */
import type { ModelOffer } from '../../shared/bridge/messages.ts';
import { AppError } from '../../shared/errors.ts';
import type { ForcedLane } from '../../shared/inference/lane.ts';
import type { DeviceProbe } from './probe.ts';

export interface LanePlanInput {
  readonly probe: DeviceProbe;
  /** `--lane`. */
  readonly forcedLane?: ForcedLane | undefined;
  /** Set for a model that MLC compiled: it runs in the tab on WebGPU, or nowhere. */
  readonly mlc?: ModelOffer['mlc'];
  /** More often than it may in one visit: WebGPU is not asked for any more. */
  readonly isGpuLost?: boolean;
  readonly companionLane: { readonly available: boolean; readonly reason: string };
}

export type LanePlan =
  | { readonly lane: 'mlc'; readonly reason: string }
  | { readonly lane: 'companion'; readonly reason: string }
  | {
      readonly lane: 'gguf';
      readonly reason: string;
      /** Why WebGPU is not asked for; absent when it is. */
      readonly withoutWebgpu?: string;
      readonly threads: number;
    };

/** More threads than that gain little in wasm, and the page needs a core too. */
const MAX_THREADS = 8;

/**
 * WebGPU with `shader-f16` → gguf; else the companion, which is 13 to 17 times faster than wasm; wasm where neither
 * serves. A forced lane is taken or refused, never replaced. Throws `NoLane` that says what was tried.
 */
export function planLane({ probe, forcedLane, mlc, isGpuLost, companionLane }: LanePlanInput): LanePlan {
  if (mlc) return planMlc(mlc, probe, forcedLane);
  const onGpu = probe.webgpu === 'shader-f16';
  const noEngine = whyNoEngine(probe);
  const gguf = (reason: string): LanePlan => ({
    lane: 'gguf',
    reason,
    ...(onGpu ? {} : { withoutWebgpu: probe.webgpu }),
    threads: threadsFor(probe),
  });

  if (forcedLane === 'gguf') {
    if (noEngine) throw noLane([`--lane gguf: ${noEngine}`]);
    return gguf(
      onGpu
        ? 'In this tab on WebGPU, as --lane gguf asked.'
        : `In this tab on the CPU (${WEBGPU_WORDS[probe.webgpu]}), as --lane gguf asked.`,
    );
  }
  if (forcedLane === 'companion') {
    if (!companionLane.available) throw noLane([`--lane companion: ${companionLane.reason}`]);
    return { lane: 'companion', reason: 'In the companion on the CPU, as --lane companion asked.' };
  }
  if (isGpuLost && companionLane.available)
    return {
      lane: 'companion',
      reason: 'In the companion on the CPU, with the same file: the GPU went away twice in this visit.',
    };
  if (onGpu && !noEngine) return gguf('In this tab: WebGPU with shader-f16 is there.');
  const whyNoGpu = noEngine ?? WEBGPU_WORDS[probe.webgpu];
  if (companionLane.available) {
    return { lane: 'companion', reason: `In the companion on the CPU: ${whyNoGpu}.` };
  }
  if (!noEngine) {
    return gguf(
      `In this tab on the CPU, slowly: ${whyNoGpu}, and the companion cannot think (${companionLane.reason}).`,
    );
  }
  throw noLane([noEngine, `the companion cannot think: ${companionLane.reason}`]);
}

function planMlc(
  { needsF16 }: NonNullable<ModelOffer['mlc']>,
  { webgpu }: DeviceProbe,
  forcedLane: ForcedLane | undefined,
): LanePlan {
  const isAble = webgpu === 'shader-f16' || (webgpu === 'no shader-f16' && !needsF16);
  if (forcedLane) throw noLane([`--lane ${forcedLane}: this model is compiled for web-llm in the tab`]);
  if (!isAble)
    throw noLane([
      `this model is compiled for WebGPU${needsF16 ? ' in f16' : ''}, but ${WEBGPU_WORDS[webgpu]}`,
    ]);
  return { lane: 'mlc', reason: 'In this tab on WebGPU with web-llm: the model is compiled for it.' };
}

const WEBGPU_WORDS: Readonly<Record<DeviceProbe['webgpu'], string>> = {
  'shader-f16': 'WebGPU is there',
  'no shader-f16': 'WebGPU here lacks shader-f16',
  'no adapter': 'WebGPU has no adapter here',
  'no WebGPU': 'this browser has no WebGPU',
};

function whyNoEngine(probe: DeviceProbe): string | undefined {
  if (!probe.wasm) return 'this browser has no WebAssembly';
  if (!probe.jspi) return 'this browser cannot suspend WebAssembly (JSPI)';
  return undefined;
}

function threadsFor(probe: DeviceProbe): number {
  // On WebGPU a second thread only costs: 34 tokens/s with one, 25 with two (measured 2026-11-24).
  if (probe.webgpu === 'shader-f16' || !probe.crossOriginIsolated) return 1;
  return Math.min(MAX_THREADS, Math.max(1, probe.cores - 1));
}

function noLane(tried: readonly string[]): AppError {
  return new AppError('NoLane', `No lane can serve: ${tried.join('; ')}.`);
}
