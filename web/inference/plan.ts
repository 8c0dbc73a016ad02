/** Owns the choice of the lane at birth, and the reason in words for the person. Nothing switches by itself later. */
import type { ModelOffer } from '../../shared/bridge/messages.ts';
import { AppError } from '../../shared/errors.ts';
import type { ForcedLane } from '../../shared/inference/lane.ts';
import type { DeviceProbe } from './probe.ts';

/** Where thinking shall be, whatever goes best: `start` by `--lane`, `person` on the page. */
export interface AskedLane {
  readonly lane: ForcedLane;
  readonly by: 'start' | 'person';
}

export interface LanePlanInput {
  readonly probe: DeviceProbe;
  readonly asked?: AskedLane | undefined;
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
 * serves. A lane that was asked for is taken or refused, never replaced. Throws `NoLane` that says what was tried.
 */
export function planLane({ probe, asked, mlc, isGpuLost, companionLane }: LanePlanInput): LanePlan {
  if (mlc) return planMlc(mlc, probe, asked);
  const onGpu = probe.webgpu === 'shader-f16';
  const noEngine = whyNoEngine(probe);
  const gguf = (reason: string): LanePlan => ({
    lane: 'gguf',
    reason,
    ...(onGpu ? {} : { withoutWebgpu: probe.webgpu }),
    threads: threadsFor(probe),
  });

  if (asked?.lane === 'gguf') {
    if (noEngine) throw noLane([`${askedWords(asked)}: ${noEngine}`]);
    return gguf(
      onGpu
        ? `In this tab on WebGPU, ${asWhoAsked(asked)}.`
        : `In this tab on the CPU (${WEBGPU_WORDS[probe.webgpu]}), ${asWhoAsked(asked)}.`,
    );
  }
  if (asked?.lane === 'companion') {
    if (!companionLane.available) throw noLane([`${askedWords(asked)}: ${companionLane.reason}`]);
    return { lane: 'companion', reason: `In the companion, ${asWhoAsked(asked)}.` };
  }
  if (isGpuLost && companionLane.available)
    return {
      lane: 'companion',
      reason: 'In the companion, with the same file: the GPU went away twice in this visit.',
    };
  if (onGpu && !noEngine) return gguf('In this tab: WebGPU with shader-f16 is there.');
  const whyNoGpu = noEngine ?? WEBGPU_WORDS[probe.webgpu];
  if (companionLane.available) {
    return { lane: 'companion', reason: `In the companion: ${whyNoGpu}.` };
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
  asked: AskedLane | undefined,
): LanePlan {
  const isAble = webgpu === 'shader-f16' || (webgpu === 'no shader-f16' && !needsF16);
  // Whoever chose the tab on the page did not mean an engine.
  const isElsewhere = asked && !(asked.by === 'person' && asked.lane === 'gguf');
  if (isElsewhere) throw noLane([`${askedWords(asked)}: this model is compiled for web-llm in the tab`]);
  if (!isAble)
    throw noLane([
      `this model is compiled for WebGPU${needsF16 ? ' in f16' : ''}, but ${WEBGPU_WORDS[webgpu]}`,
    ]);
  return { lane: 'mlc', reason: 'In this tab on WebGPU with web-llm: the model is compiled for it.' };
}

function askedWords({ lane, by }: AskedLane): string {
  if (by === 'start') return `--lane ${lane}`;
  return lane === 'gguf' ? 'in this tab' : 'in the companion';
}

function asWhoAsked({ lane, by }: AskedLane): string {
  return by === 'start' ? `as --lane ${lane} asked` : 'as you chose';
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
