/** Owns a lane of this tab as the node sees it: the model in a worker of its own, which is started again after its death. */
import { AppError, toAppError } from '../../../shared/errors.ts';
import { chunkStream } from '../../../shared/inference/chunk-stream.ts';
import type { ChatMessage, GenerateChunk, GenerateRequest } from '../../../shared/inference/generate.ts';
import type { InferenceLane, LaneReport, WarmupReport } from '../../../shared/inference/lane.ts';
import { sourceAgain, type RememberedModel } from '../models/model-source.ts';
import type { LaneProgress, OnLaneProgress } from '../progress.ts';
import type { WorkerOpenOptions, OpenedModel } from './worker-api.ts';
import { WorkerSession, type WorkerSessionDeps } from './worker-session.ts';

export interface OpenedWorkerLane {
  readonly lane: InferenceLane;
  /** Ends the worker, and with it all memory of the model; the next call starts it again. */
  readonly unload: () => void;
  readonly model: RememberedModel;
}

/** Starts the worker and loads the model. Rejects with an AppError that names what failed. */
export async function openWorkerLane(
  deps: WorkerLaneDeps,
  options: WorkerOpenOptions,
  onProgress: OnLaneProgress,
  signal: AbortSignal,
): Promise<OpenedWorkerLane> {
  const { session, opened } = await WorkerSession.open(deps, options, onProgress, signal);
  const lane = new WorkerLane(deps, options, session, opened);
  return {
    lane,
    unload: () => {
      lane.unload();
    },
    model: opened.model,
  };
}

export interface WorkerLaneDeps extends WorkerSessionDeps {
  /** How far a later start is; undefined when it is over. */
  readonly onReloading?: (progress: LaneProgress | undefined) => void;
}

class WorkerLane implements InferenceLane {
  readonly report: LaneReport;
  readonly #deps: WorkerLaneDeps;
  readonly #again: WorkerOpenOptions;
  readonly #life = new AbortController();
  #session: WorkerSession;
  #reopening: Promise<WorkerSession> | undefined;

  constructor(deps: WorkerLaneDeps, options: WorkerOpenOptions, session: WorkerSession, opened: OpenedModel) {
    this.#deps = deps;
    this.#session = session;
    this.report = opened.report;
    this.#again =
      options.engine === 'gguf' ? { ...options, source: sourceAgain(options.source, opened.model) } : options;
  }

  async warmup(signal?: AbortSignal, messages?: readonly ChatMessage[]): Promise<WarmupReport> {
    const session = await this.#alive();
    return session.call((api, call) => api.warmup(call, messages), signal);
  }

  generate(request: GenerateRequest, signal?: AbortSignal): ReadableStream<GenerateChunk> {
    return chunkStream(async (push, inner) => {
      const session = await this.#alive();
      await session.stream(request, push, inner);
    }, signal);
  }

  async countPromptTokens(messages: readonly ChatMessage[], signal?: AbortSignal): Promise<number> {
    const session = await this.#alive();
    return session.call((api, call) => api.countPromptTokens(call, messages), signal);
  }

  async embed(text: string, signal?: AbortSignal): Promise<Float32Array> {
    const session = await this.#alive();
    return session.call((api, call) => api.embed(call, text), signal);
  }

  unload(): void {
    this.#session.end(new AppError('LaneDied', 'The model was unloaded.'));
  }

  dispose(): Promise<void> {
    const reason = new AppError('LaneDied', 'The lane was closed.');
    this.#life.abort(reason);
    this.#session.end(reason);
    return Promise.resolve();
  }

  /** The living session, or a new one that all callers of the moment share. */
  async #alive(): Promise<WorkerSession> {
    this.#life.signal.throwIfAborted();
    if (!this.#session.ended) return this.#session;
    this.#reopening ??= this.#reopen().finally(() => {
      this.#reopening = undefined;
    });
    return this.#reopening;
  }

  async #reopen(): Promise<WorkerSession> {
    const { onReloading = () => undefined } = this.#deps;
    const { session } = await WorkerSession.open(
      this.#deps,
      this.#again,
      onReloading,
      this.#life.signal,
    ).finally(() => {
      onReloading(undefined);
    });
    // Closed while it was loading: nobody else would end this worker.
    if (this.#life.signal.aborted) session.end(toAppError(this.#life.signal.reason));
    this.#session = session;
    return session;
  }
}
