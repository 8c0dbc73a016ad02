/** Owns the closed list of what a browser can be told to be, and the explicit floor for what cannot be told. */

export const TIER_IDS = ['webgpu_f16', 'webgpu_f32', 'cpu_threads', 'cpu_floor'] as const;
export type TierId = (typeof TIER_IDS)[number];

/** What this device proved; a browser names neither its GPU nor that one's memory. */
export interface DeviceFacts {
  readonly webgpu: 'f16' | 'f32' | 'none';
  /** Threads in WebAssembly need it. */
  readonly crossOriginIsolated: boolean;
  readonly cores: number;
}

export interface HardwareTier {
  readonly id: TierId;
  /** Nothing better was proven: the floor is in effect, and the log says so. */
  readonly isFallback: boolean;
  readonly label: string;
}

export function hardwareTier(facts: DeviceFacts): HardwareTier {
  if (facts.webgpu === 'f16') return { id: 'webgpu_f16', isFallback: false, label: 'WebGPU with f16' };
  if (facts.webgpu === 'f32') return { id: 'webgpu_f32', isFallback: false, label: 'WebGPU without f16' };
  if (facts.crossOriginIsolated && facts.cores >= 2) {
    return { id: 'cpu_threads', isFallback: false, label: `CPU, ${facts.cores} threads` };
  }
  return { id: 'cpu_floor', isFallback: true, label: 'CPU, one thread (nothing better was proven)' };
}
