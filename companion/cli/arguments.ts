/** Owns the command line: what can be asked for, and the named refusal of everything else. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { AppError } from '../../shared/errors.ts';
import type { ForcedLane } from '../../shared/inference/lane.ts';
import { GPU_BUILDS, gpuBuildOf, type GpuBuild } from '../../shared/inference/gpu-builds.ts';

export const DEFAULT_PORT = 4747;
/** Where the companion keeps its files unless `--home` says otherwise. */
export const DEFAULT_HOME = join(homedir(), '.persona-node');
const MAX_PORT = 65_535;

export interface StartOptions {
  /** 0 lets the system choose; personas live at the origin, so that is for tests. */
  readonly port: number;
  /** Absolute. */
  readonly home: string;
  /** `auto`, `embedded`, or the absolute path of a daemon's socket. */
  readonly airc: string;
  readonly room?: string;
  /** Absolute path of a GGUF file. */
  readonly model?: string;
  /** Absolute paths of GGUF files. */
  readonly adapters: readonly string[];
  readonly lane?: ForcedLane;
  /** For llama.cpp in the companion, which calculates on the CPU without it. */
  readonly llamaGpu?: GpuBuild;
  readonly open: boolean;
}

export type Command =
  | { readonly kind: 'start'; readonly options: StartOptions }
  | { readonly kind: 'status'; readonly home: string; readonly json: boolean }
  | { readonly kind: 'pair'; readonly home: string }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' };

const OPTIONS = {
  port: { type: 'string' },
  home: { type: 'string' },
  airc: { type: 'string' },
  room: { type: 'string' },
  model: { type: 'string' },
  adapter: { type: 'string', multiple: true },
  lane: { type: 'string' },
  'llama-gpu': { type: 'string' },
  'no-open': { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof readOptions>['values'];

/** Options of each command; `help` and `version` go with all. */
const ALLOWED: Readonly<Record<'start' | 'status' | 'pair', readonly (keyof typeof OPTIONS)[]>> = {
  start: ['port', 'home', 'airc', 'room', 'model', 'adapter', 'lane', 'llama-gpu', 'no-open'],
  status: ['home', 'json'],
  pair: ['home'],
};

/** `args` without the program's name. Paths are taken relative to `cwd`. Throws `ArgumentInvalid`. */
export function parseCommand(args: readonly string[], cwd: string): Command {
  const { values, positionals } = readOptions(args);
  if (values.help === true) return { kind: 'help' };
  if (values.version === true) return { kind: 'version' };
  const [name = 'start', ...rest] = positionals;
  if (name !== 'start' && name !== 'status' && name !== 'pair')
    throw invalid(`There is no command "${name}".`);
  if (rest.length > 0) throw invalid(`"${rest.join(' ')}" is too much.`);
  for (const option of Object.keys(values)) {
    if (!ALLOWED[name].some((allowed) => allowed === option))
      throw invalid(`"${name}" has no option --${option}.`);
  }
  const home = pathOf(values.home, 'home', cwd) ?? DEFAULT_HOME;
  switch (name) {
    case 'status':
      return { kind: 'status', home, json: values.json === true };
    case 'pair':
      return { kind: 'pair', home };
    case 'start':
      return { kind: 'start', options: startOptions(values, home, cwd) };
  }
}

function readOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new AppError('ArgumentInvalid', message, { cause: error });
  }
}

function startOptions(values: Values, home: string, cwd: string): StartOptions {
  const model = pathOf(values.model, 'model', cwd);
  const adapters = (values.adapter ?? []).map((path) => requiredPath(path, 'adapter', cwd));
  const room = values.room;
  if (room?.trim() === '') throw invalid('--room needs a name or a UUID.');
  return {
    port: portOf(values.port),
    home,
    airc: aircOf(values.airc, cwd),
    ...(room === undefined ? {} : { room }),
    ...(model === undefined ? {} : { model }),
    adapters,
    ...laneOf(values.lane),
    ...llamaGpuOf(values['llama-gpu']),
    open: values['no-open'] !== true,
  };
}

function portOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > MAX_PORT)
    throw invalid(`--port ${text} is not a port (0 to ${MAX_PORT}).`);
  return port;
}

function aircOf(text: string | undefined, cwd: string): string {
  if (text === undefined || text === 'auto') return 'auto';
  if (text === 'embedded') return 'embedded';
  // The name of a pipe is no path, though resolving it would make it one.
  if (text.startsWith('\\\\.\\pipe\\')) return text;
  return pathOf(text, 'airc', cwd) ?? 'auto';
}

function laneOf(text: string | undefined): { readonly lane?: ForcedLane } {
  if (text === undefined) return {};
  if (text === 'gguf' || text === 'companion') return { lane: text };
  throw invalid(`--lane ${text} is not "gguf" or "companion".`);
}

function llamaGpuOf(text: string | undefined): { readonly llamaGpu?: GpuBuild } {
  if (text === undefined) return {};
  const llamaGpu = gpuBuildOf(text);
  if (llamaGpu) return { llamaGpu };
  throw invalid(`--llama-gpu ${text} is none of ${GPU_BUILDS.join(', ')}.`);
}

function pathOf(text: string | undefined, option: string, cwd: string): string | undefined {
  return text === undefined ? undefined : requiredPath(text, option, cwd);
}

function requiredPath(text: string, option: string, cwd: string): string {
  if (text.trim() === '') throw invalid(`--${option} needs a path.`);
  return resolve(cwd, text);
}

function invalid(message: string): AppError {
  return new AppError('ArgumentInvalid', message);
}
