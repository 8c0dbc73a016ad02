/** Owns one llama.cpp child process as its parent sees it: checked messages, its death told to every caller. */
import { fork, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import type { Clock } from '../../shared/clock.ts';
import { AppError, fromWireError } from '../../shared/errors.ts';
import type { GpuBuild } from '../../shared/inference/gpu-builds.ts';
import type { ChatMessage, GenerateChunk, GenerateRequest } from '../../shared/inference/generate.ts';
import type { Logger } from '../../shared/log.ts';
import {
  CHILD_GPU_VARIABLE,
  CHILD_THREADS_VARIABLE,
  FromChildSchema,
  type AdapterToLoad,
  type FromChild,
  type ModelToOpen,
  type OpenedModel,
  type ToChild,
} from './child-messages.ts';

export interface LlamaChildDeps {
  /** Absolute path of the built `companion/llama/child.ts`. */
  readonly childEntry: string;
  readonly maxThreads: number;
  readonly gpu: GpuBuild | undefined;
  /** Until the engine has loaded its binary. */
  readonly startMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

type Answer = Extract<FromChild, { readonly id: number }>;
type Request = Exclude<ToChild, { kind: 'abort' }>;
type RequestBody = Request extends infer One ? (One extends Request ? Omit<One, 'id'> : never) : never;

interface Pending {
  receive(answer: Answer): void;
  reject(reason: unknown): void;
}

/** The heap of the child holds prompts and messages only; the model lies outside of it. */
const HEAP_MIB = 1_024;
/** What a child needs to start and to write temporary files; tokens and keys of the parent stay with the parent. */
const INHERITED_VARIABLES = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TEMP',
  'TMP',
  'SystemRoot',
  'LANG',
  'LD_LIBRARY_PATH',
  // Which GPU, and by which driver.
  'CUDA_VISIBLE_DEVICES',
  'GGML_VK_VISIBLE_DEVICES',
  'VK_DRIVER_FILES',
  'VK_ICD_FILENAMES',
];
const MAX_LOG_CHARS = 1_000;

export class LlamaChild {
  /** A child that writes more than this is ended: a model file must not take the machine down with it. */
  maxResidentBytes = Number.POSITIVE_INFINITY;
  /** As it said last. */
  residentBytes = 0;
  /** Of llama.cpp, as the child said when it was ready. */
  release = '';
  readonly #process: ChildProcess;
  readonly #log: Logger;
  readonly #death = new AbortController();
  readonly #pending = new Map<number, Pending>();
  readonly #exited: Promise<void>;
  #lastId = 0;
  #lastWords = '';
  #mostResidentBytes = 0;
  /** Until the child said whether it can work at all. */
  #started: ((outcome: 'ready' | AppError) => void) | undefined;

  private constructor({ childEntry, maxThreads, gpu, log }: LlamaChildDeps) {
    this.#log = log;
    this.#process = fork(childEntry, [], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [`--max-old-space-size=${HEAP_MIB}`],
      env: {
        ...inheritedEnvironment(),
        [CHILD_THREADS_VARIABLE]: String(maxThreads),
        [CHILD_GPU_VARIABLE]: gpu ?? '',
      },
    });
    this.#exited = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => {
        this.end(this.#died(`The engine's process ended (${signal ?? `exit code ${code}`}).`));
        resolve();
      });
      this.#process.once('error', (error) => {
        this.end(
          new AppError('LaneStartFailed', "The engine's process cannot be started.", { cause: error }),
        );
        resolve();
      });
    });
    this.#process.on('message', (raw) => {
      this.#receive(raw);
    });
    const { stderr } = this.#process;
    if (stderr) createInterface({ input: stderr }).on('line', (line) => this.#hear(line));
  }

  /** Rejects with `LaneStartFailed`, the cause in words, where llama.cpp cannot run here. */
  static async start(deps: LlamaChildDeps): Promise<LlamaChild> {
    const child = new LlamaChild(deps);
    const outcome = await new Promise<'ready' | AppError>((resolve) => {
      const cancel = deps.clock.after(deps.startMs, () => {
        resolve(new AppError('LaneStartFailed', 'llama.cpp did not start in time.'));
      });
      child.died.addEventListener('abort', () => resolve(child.died.reason as AppError), { once: true });
      child.#started = (answer) => {
        cancel();
        resolve(answer);
      };
      void child.#exited.then(cancel);
    });
    if (outcome === 'ready') return child;
    child.end(outcome);
    await child.#exited;
    throw new AppError('LaneStartFailed', outcome.message, { cause: outcome });
  }

  /** Aborted, with the AppError that says why, as soon as the child is ended or ends itself. */
  get died(): AbortSignal {
    return this.#death.signal;
  }

  open(model: ModelToOpen, signal: AbortSignal): Promise<OpenedModel> {
    return this.#call({ kind: 'open', model }, signal, (answer) =>
      answer.kind === 'opened' ? { value: answer.model } : undefined,
    );
  }

  countPromptTokens(messages: readonly ChatMessage[], signal: AbortSignal): Promise<number> {
    return this.#call({ kind: 'count', messages: [...messages] }, signal, (answer) =>
      answer.kind === 'counted' ? { value: answer.tokens } : undefined,
    );
  }

  /** Resolves after the chunk that is `done`. Once aborted, settles when the child has really stopped. */
  generate(
    request: GenerateRequest,
    push: (chunk: GenerateChunk) => void,
    signal: AbortSignal,
    adapters: readonly AdapterToLoad[],
  ): Promise<void> {
    return this.#call({ kind: 'generate', request, adapters: [...adapters] }, signal, (answer) => {
      if (answer.kind !== 'chunk') return undefined;
      push(answer.chunk);
      return answer.chunk.kind === 'done' ? { value: undefined } : undefined;
    });
  }

  /** Once aborted, settles when the child has really stopped. */
  embed(text: string, signal: AbortSignal): Promise<Float32Array> {
    return this.#call({ kind: 'embed', text }, signal, (answer) =>
      answer.kind === 'embedded' ? { value: Float32Array.from(answer.vector) } : undefined,
    );
  }

  /** Kills the process; every call still open rejects with `reason`. Only the first reason counts. */
  end(reason: AppError): void {
    if (this.died.aborted) return;
    this.#death.abort(reason);
    // To be held against what was estimated when the model was opened.
    this.#log.log('info', 'llama_memory', { mostResidentBytes: this.#mostResidentBytes });
    for (const pending of this.#pending.values()) pending.reject(reason);
    this.#pending.clear();
    this.#process.kill('SIGKILL');
  }

  /** Resolves when the process is gone. */
  exited(): Promise<void> {
    return this.#exited;
  }

  async #call<T>(
    body: RequestBody,
    signal: AbortSignal,
    read: (answer: Answer) => { readonly value: T } | undefined,
  ): Promise<T> {
    this.died.throwIfAborted();
    if (signal.aborted) throw new AppError('Aborted', 'The request was given up before the engine began it.');
    const id = (this.#lastId += 1);
    const onAbort = (): void => {
      this.#send({ kind: 'abort', id });
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await new Promise<T>((resolve, reject) => {
        const receive = (answer: Answer): void => {
          if (answer.kind === 'failed') {
            reject(fromWireError(answer.error));
            return;
          }
          const result = read(answer);
          if (result) resolve(result.value);
        };
        this.#pending.set(id, { receive, reject });
        this.#send({ ...body, id });
      });
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#pending.delete(id);
    }
  }

  #send(message: ToChild): void {
    // A channel that is closed already: the 'exit' that follows settles the call.
    if (this.#process.connected) this.#process.send(message, () => undefined);
  }

  #receive(raw: unknown): void {
    const parsed = v.safeParse(FromChildSchema, raw);
    if (!parsed.success) {
      this.end(this.#died('The engine sent a message that the companion does not know.'));
      return;
    }
    const message = parsed.output;
    switch (message.kind) {
      case 'ready':
        this.release = message.release;
        this.#started?.('ready');
        return;
      case 'unavailable': {
        const reason = new AppError('LaneStartFailed', `llama.cpp cannot run here: ${message.reason}`);
        this.#started?.(reason);
        this.end(reason);
        return;
      }
      case 'memory':
        this.residentBytes = message.residentBytes;
        this.#mostResidentBytes = Math.max(this.#mostResidentBytes, message.residentBytes);
        if (message.residentBytes > this.maxResidentBytes)
          this.end(this.#died('The engine took more memory than its model should need and was ended.'));
        return;
      default:
        // An answer to a call that is settled already has nobody to hear it.
        this.#pending.get(message.id)?.receive(message);
    }
  }

  #hear(line: string): void {
    this.#lastWords = line.slice(0, MAX_LOG_CHARS);
    this.#log.log('warn', 'llama_said', { line: this.#lastWords });
  }

  #died(message: string): AppError {
    return new AppError('LaneDied', message, this.#lastWords ? { detail: this.#lastWords } : {});
  }
}

function inheritedEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(INHERITED_VARIABLES.map((name) => [name, process.env[name]]));
}
