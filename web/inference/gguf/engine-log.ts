/** Owns what the engine writes to its log: the proof of where it computes, and the true cause of its failures. */

/** Older lines are of no use once the model is loaded. */
const KEPT_LINES = 400;
const KEPT_ERRORS = 12;

type LogFunction = (...args: unknown[]) => void;

export interface EngineLog {
  /** What wllama takes as its logger. */
  readonly logger: {
    readonly debug: LogFunction;
    readonly log: LogFunction;
    readonly warn: LogFunction;
    readonly error: LogFunction;
  };
  lines(): readonly string[];
  /** The errors logged since the last call, joined: wllama throws something less telling beside them. */
  takeErrors(): string;
}

export function createEngineLog(): EngineLog {
  const lines: string[] = [];
  let errors: string[] = [];
  const keep = (...args: unknown[]): void => {
    lines.push(args.map(String).join(' '));
    if (lines.length > KEPT_LINES) lines.shift();
  };
  return {
    logger: {
      debug: keep,
      log: keep,
      warn: keep,
      error: (...args) => {
        keep(...args);
        errors = [...errors, args.map(String).join(' ')].slice(-KEPT_ERRORS);
      },
    },
    lines: () => lines,
    takeErrors: () => {
      const taken = errors.join('\n');
      errors = [];
      return taken;
    },
  };
}

/** wllama rejects with "(ABORT)" when the GPU goes away, which may be anything; only the log names it. */
export function saysDeviceLost(lines: readonly string[]): boolean {
  return lines.some((line) => /\bdevice (?:was |is )?lost\b/i.test(line));
}

export interface OffloadProof {
  readonly offloadedLayers: number;
  readonly layers: number;
}

/**
 * Layers on WebGPU as the engine itself says; undefined when it does not name the device. Without `shader-f16` the
 * engine registers no device and computes on the CPU without a word, so being asked for WebGPU proves nothing.
 */
export function webgpuProof(lines: readonly string[]): OffloadProof | undefined {
  if (!lines.some((line) => line.includes('using device WebGPU'))) return undefined;
  for (const line of lines) {
    const match = /offloaded (\d+)\/(\d+) layers to GPU/.exec(line);
    if (match && Number(match[1]) > 0) return { offloadedLayers: Number(match[1]), layers: Number(match[2]) };
  }
  return undefined;
}
