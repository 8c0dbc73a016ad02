/** Owns the way from a model source to a lane inside the inference worker. */
import type { Clock } from '../../../shared/clock.ts';
import { MAX_EMBED_TOKENS } from '../../../shared/inference/embedding.ts';
import type { GgufHeader } from '../../../shared/inference/gguf-header.ts';
import { requireAddressable } from '../../../shared/models/fit.ts';
import {
  fitOnWasm,
  MAX_CONTEXT_TOKENS,
  TAB_BATCH_TOKENS,
  WASM_RECYCLE_BYTES,
} from '../../../shared/models/fit-places.ts';
import { needsOf } from '../../../shared/models/model-needs.ts';
import { headerOf } from '../models/file-header.ts';
import type { ModelFiles } from '../models/model-files.ts';
import type { RememberedModel } from '../models/model-source.ts';
import { obtainModel } from '../models/model-store.ts';
import { Embedder } from './embedder.ts';
import { Engine } from './engine.ts';
import { openEngineLane } from './engine-lane.ts';
import { createEngineLog } from './engine-log.ts';
import { ggufReport } from './gguf-report.ts';
import { preflightEngine } from './preflight.ts';
import { createWllamaEngine, ENGINE_WASM_URL, type RawLoadSettings } from './raw-engine.ts';
import type { GgufOpenOptions } from '../worker-lane/worker-api.ts';
import type { OpenModel } from '../worker-lane/worker-lane-service.ts';

export interface OpenGgufDeps {
  readonly clock: Clock;
  readonly fetchBytes: typeof fetch;
  readonly files: () => Promise<ModelFiles>;
}

/** A batch of a large model in wasm on a weak machine takes tens of seconds. */
const STALL_MS = 180_000;
const LOAD_TIMEOUT_MS = 60_000;
/** Slowest reading of a file and upload to a GPU that still counts as progress. */
const LOAD_BYTES_PER_MS = 20_000;

export function createOpenGguf(deps: OpenGgufDeps): OpenModel<GgufOpenOptions> {
  const { clock, fetchBytes } = deps;
  return async ({ source, withoutWebgpu, threads }, onProgress, signal) => {
    await preflightEngine(ENGINE_WASM_URL, fetchBytes);
    const files = await deps.files();
    const checkHeader = async (file: Blob): Promise<void> => {
      await headerOf(file);
    };
    const { file, model } = await obtainModel(source, { files, fetchBytes, checkHeader }, onProgress, signal);
    onProgress({ what: `Loading ${model.name}`, done: 0, total: 0, unit: 'steps' });
    const header = await headerOf(file);
    const webgpu = withoutWebgpu === undefined;
    if (!webgpu)
      requireAddressable(model.name, fitOnWasm({ sizeBytes: file.size, needs: needsOf(header) }, {}));
    const settings: RawLoadSettings = {
      contextTokens: Math.min(header.contextTokens, MAX_CONTEXT_TOKENS),
      batchTokens: webgpu ? TAB_BATCH_TOKENS.webgpu : TAB_BATCH_TOKENS.wasm,
      threads,
      webgpu,
    };
    const facts = {
      model: { name: header.name ?? model.name, sizeBytes: model.sizeBytes, starter: header.starter },
      templateMissing: header.chatTemplate === undefined,
      ...(webgpu ? {} : { withoutWebgpu }),
    };
    const lane = await openEngineLane(
      {
        openEngine: (engineSignal) => startEngine(clock, file, settings, engineSignal),
        embedder: new Embedder({
          openEngine: (engineSignal) =>
            startEngine(clock, file, embedderSettings(settings, header), engineSignal),
          sizeBytes: file.size,
          controlTokens: header.controlTokens,
          clock,
        }),
        header,
        clock,
        recycleAfterBytes: WASM_RECYCLE_BYTES,
        report: (engine) => ggufReport(engine, facts),
      },
      signal,
    );
    return { lane, model: remembered(model, header) };
  };
}

/** On the CPU, as in the companion: the memory of the GPU is left to the instance that writes. */
function embedderSettings(
  { threads, contextTokens }: RawLoadSettings,
  { pooling }: GgufHeader,
): RawLoadSettings {
  const tokens = Math.min(contextTokens, MAX_EMBED_TOKENS);
  return { contextTokens: tokens, batchTokens: tokens, threads, webgpu: false, pooling };
}

function startEngine(
  clock: Clock,
  file: Blob,
  settings: RawLoadSettings,
  signal: AbortSignal,
): Promise<Engine> {
  const log = createEngineLog();
  const loadTimeoutMs = LOAD_TIMEOUT_MS + Math.ceil(file.size / LOAD_BYTES_PER_MS);
  return Engine.load(
    { raw: createWllamaEngine(log), log, clock, stallMs: STALL_MS, loadTimeoutMs },
    file,
    settings,
    signal,
  );
}

/** A dropped file is known by its file name only until its header was read. */
function remembered(model: RememberedModel, header: GgufHeader): RememberedModel {
  return { ...model, starter: header.starter };
}
