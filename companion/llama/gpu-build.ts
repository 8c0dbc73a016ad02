/** Owns llama.cpp on a GPU, where the person asked for it: which builds run here, and the proof that one is really used. */
import {
  getLlama,
  LlamaLogLevel,
  LlamaLogLevelGreaterThanOrEqual,
  type Llama,
  type LlamaOptions,
} from 'node-llama-cpp';
import { AppError } from '../../shared/errors.ts';
import type { GpuBuild } from '../../shared/inference/gpu-builds.ts';

export interface StartOptions {
  readonly gpu: GpuBuild | undefined;
  readonly maxThreads: number;
  /** llama.cpp's own warnings, as it says them. */
  readonly onLog: (message: string) => void;
}

export interface StartedLlama {
  readonly llama: Llama;
  /**
   * Called before a model is loaded; what it returns, afterwards, says for the person where the model lies. That throws
   * `LaneStartFailed` where a GPU was asked for and llama.cpp put nothing of the model there.
   */
  readonly watchLoad: () => () => Promise<string>;
}

/**
 * Never downloads and never compiles. Rejects with `GpuUnavailable` where the build does not run here or finds no GPU: the
 * binding itself would calculate on the CPU then, without a word.
 */
export async function startLlama({ gpu, maxThreads, onLog }: StartOptions): Promise<StartedLlama> {
  let offload: RegExpExecArray | undefined;
  const llama = await open(gpu, {
    build: 'never',
    skipDownload: true,
    maxThreads,
    // What it put where it says among the lines that say nothing is wrong.
    logLevel: gpu === undefined ? LlamaLogLevel.warn : LlamaLogLevel.info,
    logger: (level: LlamaLogLevel, message: string) => {
      offload = OFFLOADED.exec(message) ?? offload;
      if (LlamaLogLevelGreaterThanOrEqual(level, LlamaLogLevel.warn)) onLog(message);
    },
  });
  return {
    llama,
    watchLoad: () => {
      offload = undefined;
      return () => whereItLies(llama, offload);
    },
  };
}

const OFFLOADED = /offloaded (\d+)\/(\d+) layers to GPU/;

async function open(gpu: GpuBuild | undefined, options: LlamaOptions): Promise<Llama> {
  if (gpu === undefined) return getLlama({ ...options, gpu: false });
  const llama = await getLlama({ ...options, gpu }).catch((cause: unknown) => {
    throw unusable(gpu, cause);
  });
  // For a build that this system cannot have, the binding takes another one.
  const trouble = llama.gpu !== gpu ? unusable(gpu) : await whyNoDevice(llama, gpu);
  if (!trouble) return llama;
  await llama.dispose();
  throw trouble;
}

async function whyNoDevice(llama: Llama, gpu: GpuBuild): Promise<AppError | undefined> {
  const devices = await llama.getGpuDeviceNames();
  if (devices.length > 0) return undefined;
  return new AppError('GpuUnavailable', `The ${gpu} build of llama.cpp finds no GPU on this machine.`);
}

function unusable(gpu: GpuBuild, cause?: unknown): AppError {
  const words = buildsHere().includes(gpu)
    ? `The ${gpu} build of llama.cpp is not there, or its driver is not. ${howToGet(gpu)}`
    : `There is no ready ${gpu} build of llama.cpp for ${process.platform} on ${process.arch}.`;
  return new AppError('GpuUnavailable', words, { cause });
}

/** For which there are ready packages. */
function buildsHere(): readonly GpuBuild[] {
  if (process.platform === 'darwin') return process.arch === 'arm64' ? ['metal'] : [];
  return process.arch === 'x64' ? ['cuda', 'vulkan'] : [];
}

function howToGet(gpu: GpuBuild): string {
  return gpu === 'metal' ? '"npm ci" gets it.' : `"npm run add:llama-gpu -- ${gpu}" gets the build.`;
}

async function whereItLies(llama: Llama, offload: RegExpExecArray | undefined): Promise<string> {
  if (llama.gpu === false) return 'no GPU in this build';
  const [, layers = '0', all = '0'] = offload ?? [];
  if (Number(layers) === 0)
    throw new AppError('LaneStartFailed', `llama.cpp put nothing of this model on the GPU (${llama.gpu}).`);
  return `${layers} of ${all} layers on ${llama.gpu} (${(await llama.getGpuDeviceNames()).join(', ')})`;
}
