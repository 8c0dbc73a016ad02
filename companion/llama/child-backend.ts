/** Owns the CPU lane of the companion: one llama.cpp child, a few calls of one model in it at once, born again after a death. */
import type { Clock } from '../../shared/clock.ts';
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import type { GpuBuild } from '../../shared/inference/gpu-builds.ts';
import { createWorkAdmission } from '../../shared/inference/admission.ts';
import { chunkStream } from '../../shared/inference/chunk-stream.ts';
import { requireEmbeddable } from '../../shared/inference/embedding.ts';
import type { ChatMessage, GenerateChunk, GenerateRequest } from '../../shared/inference/generate.ts';
import { DEFAULT_BUDGET_BYTES } from '../../shared/inference/genome/adapter-pager.ts';
import { activeAdapters } from '../../shared/inference/genome/adapters.ts';
import type { LaneReport } from '../../shared/inference/lane.ts';
import type { Logger } from '../../shared/log.ts';
import { AdaptersOfModel } from './adapters-of-model.ts';
import type { AdapterShelf, LlamaBackend, ModelShelf } from './backend.ts';
import type { CalibrationBook, CalibrationKey } from './calibration-book.ts';
import type { ModelToOpen, OpenedModel } from './child-messages.ts';
import { withDeadline } from './deadline.ts';
import { LlamaChild } from './llama-child.ts';
import { DEFAULT_LIMITS, type LlamaLimits } from './llama-limits.ts';
import { thisMachine, type Machine } from './machine.ts';
import { modelBudget } from './model-budget.ts';
import { readModelFile } from './model-file.ts';
import { ModelHolds } from './model-holds.ts';
import { modelToOpen, reportOf } from './model-to-open.ts';
import { allowAdapters, logOpened, sharedDeadline, type OpenModel } from './open-model.ts';
import { fitsBeside, type Work } from './work.ts';

export interface LlamaBackendDeps {
  readonly shelf: Pick<ModelShelf, 'pathOf'>;
  readonly adapters: Pick<AdapterShelf, 'fileOf'>;
  /** For the contexts with adapters on the model. Default {@link DEFAULT_BUDGET_BYTES}. */
  readonly adapterBudgetBytes?: number;
  /** Absolute path of the built `companion/llama/child.ts`. */
  readonly childEntry: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** The build that the person asked for. Default: the CPU. */
  readonly gpu?: GpuBuild | undefined;
  /** What was measured of models before. */
  readonly calibrations: CalibrationBook;
  readonly machine?: Machine;
  readonly limits?: LlamaLimits;
}

const RELEASED = new AppError('LaneDied', 'The model was unloaded.');

/** Never rejects: where llama.cpp cannot run, the backend says so and every call of it is `LaneStartFailed`. */
export async function startLlamaBackend(deps: LlamaBackendDeps): Promise<LlamaBackend> {
  const backend = new ChildBackend(deps);
  await backend.prove();
  return backend;
}

class ChildBackend implements LlamaBackend {
  readonly #deps: LlamaBackendDeps;
  readonly #machine: Machine;
  readonly #limits: LlamaLimits;
  readonly #adapterBudgetBytes: number;
  /** Another model is opened when nobody is at work with this one any more. */
  readonly #admission = createWorkAdmission<Work>((next, inside) =>
    fitsBeside(next, inside, this.#placesFor(next)),
  );
  readonly #holds = new ModelHolds(() => {
    this.#unloadGivenBack();
  });
  /** Counts of prompts under way: they pass by the admission. */
  #counting = 0;
  readonly #disposal = new AbortController();
  /** Ends with the child: what waits for a child that died is told so, and not served by the next one. */
  #life = new AbortController();
  #child: LlamaChild | undefined;
  #starting: Promise<LlamaChild> | undefined;
  #open: OpenModel | undefined;
  #availability = { available: false, reason: 'not tried yet' };

  constructor(deps: LlamaBackendDeps) {
    this.#deps = deps;
    this.#machine = deps.machine ?? thisMachine();
    this.#limits = deps.limits ?? DEFAULT_LIMITS;
    this.#adapterBudgetBytes = deps.adapterBudgetBytes ?? DEFAULT_BUDGET_BYTES;
  }

  /** Starts the first child, which is kept for the first model. */
  async prove(): Promise<void> {
    try {
      await this.#liveChild();
      this.#availability = { available: true, reason: 'llama.cpp runs here' };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#availability = { available: false, reason };
    }
  }

  availability(): { readonly available: boolean; readonly reason: string } {
    return this.#availability;
  }

  async open(modelId: string, signal: AbortSignal): Promise<LaneReport> {
    return this.#inSlot(
      signal,
      workWith(modelId),
      async (both) => (await this.#opened(modelId, both)).report,
    );
  }

  generate(modelId: string, request: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerateChunk> {
    return chunkStream(
      (push, inner) =>
        this.#inSlot(
          inner,
          workWith(modelId, request.adapters),
          (both) => this.#complete(modelId, request, push, both),
          (ahead) => {
            push({ kind: 'queued', ahead });
          },
        ),
      signal,
    );
  }

  async #complete(
    modelId: string,
    request: GenerateRequest,
    push: (chunk: GenerateChunk) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const open = await this.#opened(modelId, signal);
    const { child } = open;
    const adapters = await open.adapters.resolve(request.adapters);
    allowAdapters(open, adapters);
    const expire = (): AppError => this.#killed(child, 'TurnDeadlineExceeded', 'gave no answer');
    const deadline = adapters.length === 0 ? sharedDeadline(open, this.#limits) : this.#limits;
    await withDeadline(this.#deps.clock, deadline, expire, (alive) =>
      child.generate(
        request,
        (chunk) => {
          alive();
          push(chunk);
        },
        signal,
        adapters,
      ),
    );
  }

  async countPromptTokens(
    modelId: string,
    messages: readonly ChatMessage[],
    signal: AbortSignal,
  ): Promise<number> {
    // Needs no evaluation, so it does not wait behind a generation; only a model that is not there has to be loaded.
    const open = this.#open;
    if (open?.modelId === modelId && !open.child.died.aborted) {
      this.#counting += 1;
      try {
        return await open.child.countPromptTokens(messages, signal);
      } finally {
        this.#counting -= 1;
        this.#unloadGivenBack();
      }
    }
    return this.#inSlot(signal, workWith(modelId), async (both) => {
      const { child } = await this.#opened(modelId, both);
      return child.countPromptTokens(messages, both);
    });
  }

  async embed(modelId: string, text: string, signal: AbortSignal): Promise<Float32Array> {
    requireEmbeddable(text);
    return this.#inSlot(signal, workWith(modelId), async (both) => {
      const open = await this.#opened(modelId, both);
      const { child } = open;
      const expire = (): AppError => this.#killed(child, 'TurnDeadlineExceeded', 'gave no embedding');
      return withDeadline(this.#deps.clock, sharedDeadline(open, this.#limits), expire, () =>
        child.embed(text, both),
      );
    });
  }

  hold(modelId: string): () => void {
    return this.#holds.hold(modelId);
  }

  #unloadGivenBack(): void {
    const open = this.#open;
    const isAtWork = this.#admission.running > 0 || this.#admission.waiting > 0 || this.#counting > 0;
    if (!open || isAtWork || !this.#holds.isGivenBack(open.modelId)) return;
    this.#holds.forget(open.modelId);
    open.child.end(RELEASED);
  }

  async dispose(): Promise<void> {
    const reason = new AppError('LaneDied', 'The engine was closed.');
    this.#disposal.abort(reason);
    this.#life.abort(reason);
    const child = this.#child ?? (await this.#starting?.catch(() => undefined));
    child?.end(reason);
    await child?.exited();
  }

  async #inSlot<T>(
    signal: AbortSignal,
    work: Work,
    action: (signal: AbortSignal) => Promise<T>,
    onPlace?: (ahead: number) => void,
  ): Promise<T> {
    this.#disposal.signal.throwIfAborted();
    const life = this.#life.signal;
    const both = AbortSignal.any([signal, life]);
    try {
      const leave = await this.#admission.enter(work, both, onPlace);
      try {
        return await action(both);
      } finally {
        leave();
        this.#unloadGivenBack();
      }
    } catch (thrown) {
      // Who gives up need not say why.
      const error =
        both.aborted && !(thrown instanceof AppError)
          ? new AppError('Aborted', 'The request was stopped.', { cause: thrown })
          : thrown;
      // Where the engine died, that is the reason, and not the abort that follows from it.
      if (error instanceof AppError && error.code === 'Aborted') life.throwIfAborted();
      throw error;
    }
  }

  #placesFor({ modelId }: Work): number {
    const open = this.#open;
    return open && open.modelId === modelId ? open.sequences : 1;
  }

  async #opened(modelId: string, signal: AbortSignal): Promise<OpenModel> {
    const child = await this.#liveChild();
    signal.throwIfAborted();
    if (this.#open?.modelId === modelId && this.#open.child === child) return this.#open;
    const path = this.#deps.shelf.pathOf(modelId);
    if (path === undefined) throw new AppError('ModelNotFound', 'The companion has no such model.');
    const file = await readModelFile(path);
    const { header } = file;
    const budget = modelBudget(file, this.#machine);
    const cacheBytes = Math.ceil(budget.contextTokens * (header.cacheBytesPerToken ?? 0));
    this.#open = undefined;
    child.maxResidentBytes = budget.maxResidentBytes;
    const { cores, cpu } = this.#machine;
    const key: CalibrationKey = { model: modelId, cores, cpu, release: child.release };
    const threads = this.#deps.calibrations.find(key) ?? 'measure';
    const adapters = { budgetBytes: this.#adapterBudgetBytes, cacheBytes };
    const { contextTokens } = budget;
    // How many its own memory holds nobody knows.
    const sequences = this.#deps.gpu ? 1 : budget.sequences;
    const toOpen = modelToOpen(file, { path, contextTokens, sequences, threads, adapters });
    const opened = await this.#load(child, toOpen, signal);
    const report = reportOf(file, opened, child.residentBytes);
    logOpened(this.#deps.log, opened, budget, child.residentBytes);
    if (threads === 'measure') await this.#keep(key, opened);
    const { architecture } = header;
    this.#open = {
      modelId,
      child,
      adapters: new AdaptersOfModel(this.#deps.adapters, { name: report.model.name, architecture }),
      sequences: opened.sequences,
      maxResidentBytes: budget.maxResidentBytes,
      cacheBytes,
      adapterBudgetBytes: this.#adapterBudgetBytes,
      report,
    };
    // So far one call was let in, to open it.
    this.#admission.recheck();
    return this.#open;
  }

  /** What cannot be saved is measured again after the next start, and nothing worse. */
  async #keep(key: CalibrationKey, { calibration }: OpenedModel): Promise<void> {
    if (!calibration) return;
    await this.#deps.calibrations.keep(key, calibration).catch((error: unknown) => {
      this.#deps.log.log('warn', 'calibration_not_kept', { reason: String(error) });
    });
  }

  async #load(child: LlamaChild, model: ModelToOpen, signal: AbortSignal): Promise<OpenedModel> {
    const { openMs } = this.#limits;
    const expire = (): AppError => this.#killed(child, 'LaneStartFailed', 'did not load the model');
    try {
      const deadline = { stallMs: openMs, totalMs: openMs };
      return await withDeadline(this.#deps.clock, deadline, expire, () => child.open(model, signal));
    } catch (error) {
      // The parser of llama.cpp gave up on the file, and took the process with it.
      if (error instanceof AppError && error.code === 'LaneDied' && !this.#disposal.signal.aborted)
        throw new AppError('LaneStartFailed', `The engine broke down on this model. ${error.message}`, {
          cause: error,
        });
      throw error;
    }
  }

  #killed(child: LlamaChild, code: ErrorCode, what: string): AppError {
    const words = `The engine ${what} in time and was ended.`;
    child.end(new AppError('LaneDied', words));
    return new AppError(code, words);
  }

  #liveChild(): Promise<LlamaChild> {
    if (this.#child) return Promise.resolve(this.#child);
    this.#starting ??= this.#startChild().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async #startChild(): Promise<LlamaChild> {
    const { childEntry, clock, log } = this.#deps;
    const child = await LlamaChild.start({
      childEntry,
      clock,
      log,
      maxThreads: this.#machine.cores,
      gpu: this.#deps.gpu,
      startMs: this.#limits.startMs,
    });
    this.#child = child;
    const onDeath = (): void => {
      const reason = child.died.reason as AppError;
      const level = reason === RELEASED ? 'info' : 'error';
      if (!this.#disposal.signal.aborted) log.log(level, 'llama_child_ended', { reason: reason.message });
      this.#child = undefined;
      this.#open = undefined;
      this.#life.abort(reason);
      this.#life = new AbortController();
    };
    child.died.addEventListener('abort', onDeath, { once: true });
    return child;
  }
}

/** A turn with adapters makes a context, or takes another one's place. */
function workWith(modelId: string, adapters?: GenerateRequest['adapters']): Work {
  return { modelId, alone: activeAdapters(adapters).length > 0 };
}
