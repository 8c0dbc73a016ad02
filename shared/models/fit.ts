/** Owns the estimate whether a model fits where it would run, made before anything of it is fetched or loaded. */
import { AppError } from '../errors.ts';
import { formatBytes } from '../format-bytes.ts';
import { bytesOf, MOST_RATIO, ratioOf, type Estimate, type Learned } from './fit-learning.ts';

export type FitVerdict = 'fits' | 'tight' | 'too-large';

export interface Fit {
  readonly verdict: FitVerdict;
  /** By what was learned, where anything was. */
  readonly neededBytes: number;
  readonly estimate: Estimate;
  /** For the person, to stand after the verdict: "needs about 2.1 GiB of the 3.9 GiB here". */
  readonly words: string;
  /** False where its weights and its cache alone are beyond what can be addressed: no load can succeed. */
  readonly isAddressable: boolean;
}

/** What a model takes; all sizes are estimates but those of the file. */
export interface Demand {
  readonly weightsBytes: number;
  /** As it would be loaded. */
  readonly contextTokens: number;
  /** Undefined where nobody has read the header yet. */
  readonly cacheBytesPerToken?: number | undefined;
  /** What the engine takes beside weights and cache. */
  readonly engineBytes: number;
  /** What a batch takes against a full context. */
  readonly scoreBytes?: number;
  readonly largestTensorBytes?: number | undefined;
}

/** What a device tells; what it does not tell is not held against a model. */
export interface DeviceLimits {
  /** Where it would run, to stand after the numbers: "in this tab". */
  readonly place: string;
  readonly memoryBytes?: number | undefined;
  /** `memoryBytes` is the most that is told of any machine: this one may have more. */
  readonly isMemoryAtLeast?: boolean;
  /** Part of the memory from which on it is tight. */
  readonly easyPart: number;
  readonly addressableBytes?: number | undefined;
  /** Of the addressable bytes: what must stay free for the model to run for long. */
  readonly reservedBytes?: number;
  /** The largest piece that can be given to the GPU at once. */
  readonly maxBufferBytes?: number | undefined;
}

/**
 * At 8,192 tokens an f16 cache takes a seventh to a quarter of the weights of usual models between half a billion and
 * eight billion parameters in four or eight bits.
 */
const UNKNOWN_CACHE_PART = 1 / 4;
/** The system itself, and the browser that shows this page, are not less than the rest. */
const USABLE_PART = 0.9;
/** A device that tells nothing of its memory has at least as much. */
const LEAST_UNTOLD_BYTES = 2 * 1024 ** 3;

/** `learned` is of this very device and place. */
export function estimateFit(demand: Demand, limits: DeviceLimits, learned?: Learned): Fit {
  const { weightsBytes, contextTokens, cacheBytesPerToken, engineBytes, scoreBytes = 0 } = demand;
  const { memoryBytes = Infinity, addressableBytes = Infinity, reservedBytes = 0 } = limits;
  const cacheBytes =
    cacheBytesPerToken === undefined ? weightsBytes * UNKNOWN_CACHE_PART : contextTokens * cacheBytesPerToken;
  const estimate: Estimate = { modelBytes: weightsBytes + cacheBytes, engineBytes, scoreBytes };
  const ratio = learned && ratioOf(learned);
  const neededBytes = Math.ceil(bytesOf(estimate) * (ratio ?? 1));
  const hasFailed = bytesOf(estimate) >= (learned?.failedBytes ?? Infinity);
  // Only what is known for sure: an estimate must not forbid.
  const sureBytes = weightsBytes + contextTokens * (cacheBytesPerToken ?? 0);
  const isBeyondMemory = !limits.isMemoryAtLeast && neededBytes > memoryBytes * USABLE_PART;
  const isOneTooBig = (demand.largestTensorBytes ?? 0) > (limits.maxBufferBytes ?? Infinity);
  const isTight =
    neededBytes > memoryBytes * limits.easyPart ||
    neededBytes > addressableBytes - reservedBytes ||
    isOneTooBig ||
    hasFailed;
  // A file that lied of its size, or a moment when others had the memory, condemns no model that is small for this device.
  const isFailedInEarnest = hasFailed && neededBytes >= toldBytes(limits) / MOST_RATIO;
  const isTooLarge = isBeyondMemory || isFailedInEarnest || neededBytes > addressableBytes;
  return {
    verdict: isTooLarge ? 'too-large' : isTight ? 'tight' : 'fits',
    neededBytes,
    estimate,
    words: `needs about ${formatBytes(neededBytes)} ${ofWhat(limits)}${limits.place}${
      ratio === undefined ? '' : ', by what loads here really took'
    }${hasFailed ? '; there was no memory for one of this size here' : ''}${
      isOneTooBig ? `; its largest part is more than the GPU takes at once and stays on the CPU` : ''
    }`,
    isAddressable: sureBytes <= addressableBytes,
  };
}

/** Throws `ModelTooLarge` for what no load can bring in; what is only said not to fit may be tried. */
export function requireAddressable(name: string, { isAddressable, words }: Fit): void {
  if (!isAddressable) throw new AppError('ModelTooLarge', `${name} is too large: it ${words}.`);
}

/** What a model may take before it is tight, as far as the device tells. */
function toldBytes({ memoryBytes = Infinity, easyPart, addressableBytes = Infinity }: DeviceLimits): number {
  const told = Math.min(memoryBytes * easyPart, addressableBytes);
  return told === Infinity ? LEAST_UNTOLD_BYTES : told;
}

/** Nothing of a memory that may be larger than what is told. */
function ofWhat({
  memoryBytes = Infinity,
  isMemoryAtLeast,
  addressableBytes = Infinity,
}: DeviceLimits): string {
  const told = Math.min(isMemoryAtLeast ? Infinity : memoryBytes, addressableBytes);
  return told === Infinity ? '' : `of ${formatBytes(told)} `;
}
