/** Owns the look at what this browser can do for a lane; what really happens is proven only by the engine's log. */

export interface DeviceProbe {
  /** The engine's WebGPU needs `shader-f16`; without it the engine would compute on the CPU without a word. */
  readonly webgpu: 'shader-f16' | 'no shader-f16' | 'no adapter' | 'no WebGPU';
  readonly wasm: boolean;
  /** Needed by the engine's build; without it there is no gguf lane. */
  readonly jspi: boolean;
  readonly crossOriginIsolated: boolean;
  readonly cores: number;
}

/** The globals that are looked at; a worker's own scope fits. */
export interface ProbedScope {
  readonly navigator: { readonly gpu?: Pick<GPU, 'requestAdapter'>; readonly hardwareConcurrency: number };
  readonly crossOriginIsolated: boolean;
  readonly WebAssembly?: object;
}

/** The slowest driver that was seen to answer needed under two seconds. */
const PROBE_WITHIN_MS = 10_000;

/** Never rejects: what cannot be had is what the probe says. */
export async function probeDevice(scope: ProbedScope): Promise<DeviceProbe> {
  return {
    webgpu: await probeWebgpu(scope.navigator.gpu),
    wasm: scope.WebAssembly !== undefined,
    jspi: scope.WebAssembly !== undefined && 'Suspending' in scope.WebAssembly,
    crossOriginIsolated: scope.crossOriginIsolated,
    cores: Math.max(1, scope.navigator.hardwareConcurrency || 1),
  };
}

async function probeWebgpu(gpu: ProbedScope['navigator']['gpu']): Promise<DeviceProbe['webgpu']> {
  if (!gpu) return 'no WebGPU';
  // A crashed GPU process makes it reject instead of answering null.
  const asked = gpu.requestAdapter().catch(() => null);
  // A GPU process that hangs must not keep the page from starting.
  const adapter = await Promise.race([asked, later(PROBE_WITHIN_MS)]);
  if (!adapter) return 'no adapter';
  return adapter.features.has('shader-f16') ? 'shader-f16' : 'no shader-f16';
}

function later(ms: number): Promise<null> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, null);
  });
}
