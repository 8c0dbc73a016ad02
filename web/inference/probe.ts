/** Owns the look at what this browser can do for a lane; what really happens is proven only by the engine's log. */

export interface DeviceProbe {
  /** The engine's WebGPU needs `shader-f16`; without it the engine would compute on the CPU without a word. */
  readonly webgpu: 'shader-f16' | 'no shader-f16' | 'no adapter' | 'no WebGPU';
  readonly wasm: boolean;
  /** Needed by the engine's build; without it there is no gguf lane. */
  readonly jspi: boolean;
  readonly crossOriginIsolated: boolean;
  readonly cores: number;
  /** As the browser rounds it: a power of two, and never above a bound of its own. Absent where it tells nothing. */
  readonly memoryBytes?: number;
  /** What the browser tells of the GPU: its maker and kind. */
  readonly adapter?: string;
  /** Largest piece that the adapter takes at once. */
  readonly maxBufferBytes?: number;
}

/** The globals that are looked at; a worker's own scope fits. */
export interface ProbedScope {
  readonly navigator: {
    readonly gpu?: Pick<GPU, 'requestAdapter'>;
    readonly hardwareConcurrency: number;
    /** GiB; not every browser has it. */
    readonly deviceMemory?: number;
  };
  readonly crossOriginIsolated: boolean;
  readonly WebAssembly?: object;
}

/** The slowest driver that was seen to answer needed under two seconds. */
const PROBE_WITHIN_MS = 10_000;
const GIB = 1024 ** 3;
const MAX_ADAPTER_CHARS = 256;

/** Never rejects: what cannot be had is what the probe says. */
export async function probeDevice(scope: ProbedScope): Promise<DeviceProbe> {
  const { gpu, deviceMemory, hardwareConcurrency } = scope.navigator;
  return {
    ...(await probeWebgpu(gpu)),
    ...(deviceMemory && { memoryBytes: deviceMemory * GIB }),
    wasm: scope.WebAssembly !== undefined,
    jspi: scope.WebAssembly !== undefined && 'Suspending' in scope.WebAssembly,
    crossOriginIsolated: scope.crossOriginIsolated,
    cores: Math.max(1, hardwareConcurrency || 1),
  };
}

/** One question: after a crash of the GPU process every further one makes it worse. */
async function probeWebgpu(
  gpu: ProbedScope['navigator']['gpu'],
): Promise<Pick<DeviceProbe, 'webgpu' | 'adapter' | 'maxBufferBytes'>> {
  if (!gpu) return { webgpu: 'no WebGPU' };
  // A crashed GPU process makes it reject instead of answering null.
  const asked = gpu.requestAdapter().catch(() => null);
  // A GPU process that hangs must not keep the page from starting.
  const adapter = await Promise.race([asked, later(PROBE_WITHIN_MS)]);
  if (!adapter) return { webgpu: 'no adapter' };
  const { vendor, architecture, device, description } = adapter.info;
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  return {
    webgpu: adapter.features.has('shader-f16') ? 'shader-f16' : 'no shader-f16',
    adapter: [vendor, architecture, device, description].join(' ').trim().slice(0, MAX_ADAPTER_CHARS),
    maxBufferBytes: Math.min(maxBufferSize, maxStorageBufferBindingSize),
  };
}

function later(ms: number): Promise<null> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, null);
  });
}
