/** Owns the way from a model source to a lane inside the inference worker. */
import type { Clock } from '../../../shared/clock.ts';
import { MAX_EMBED_TOKENS } from '../../../shared/inference/embedding.ts';
import type { GgufHeader } from '../../../shared/inference/gguf-header.ts';
import type { InferenceLane } from '../../../shared/inference/lane.ts';
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
import { sourceAgain, type FileSource, type RememberedModel } from '../models/model-source.ts';
import { oneFile } from '../models/one-file.ts';
import { obtainModel, storedFiles, type LocalModel } from '../models/model-store.ts';
import type { StoredBundles } from '../models/stored-bundles.ts';
import { createAdapterFiles } from './adapter-files.ts';
import type { AdapterFolder } from './adapter-folder.ts';
import { Embedder } from './embedder.ts';
import { openEngineLane } from './engine-lane.ts';
import { ggufReport } from './gguf-report.ts';
import { HeldAdapters } from './held-adapters.ts';
import { preflightEngine } from './preflight.ts';
import { ENGINE_WASM_URL, type RawLoadSettings } from './raw-engine.ts';
import { startEngine, type StoredModelFile } from './start-engine.ts';
import type { GgufOpenOptions } from '../worker-lane/worker-api.ts';
import type { OpenModel } from '../worker-lane/worker-lane-service.ts';

export interface OpenGgufDeps {
  readonly clock: Clock;
  readonly fetchBytes: typeof fetch;
  readonly files: () => Promise<ModelFiles>;
  readonly bundles: Pick<StoredBundles, 'files'>;
  readonly adapters: () => Promise<AdapterFolder>;
}

export function createOpenGguf(deps: OpenGgufDeps): OpenModel<GgufOpenOptions> {
  const { clock, fetchBytes, bundles } = deps;
  return async (options, onProgress, signal) => {
    await preflightEngine(ENGINE_WASM_URL, fetchBytes);
    const files = await deps.files();
    const checkHeader = async (file: Blob): Promise<void> => {
      await headerOf(file);
    };
    const obtain = (from: FileSource, within: AbortSignal): Promise<LocalModel> =>
      obtainModel(from, { files, bundles, fetchBytes, checkHeader }, onProgress, within);
    const { files: parts, model, isNew } = await obtain(options.source, signal);
    const stored: StoredModelFile = {
      name: model.name,
      find: async () => {
        const found = await storedFiles(model, { files, bundles });
        return found && oneFile(found);
      },
      obtainAgain: async (within) =>
        oneFile((await obtain(sourceAgain(options.source, model), within)).files),
    };
    onProgress({ what: `Loading ${model.name}`, done: 0, total: 0, unit: 'steps' });
    try {
      const header = await headerOf(await oneFile(parts), model.name);
      const obtainAdapter = createAdapterFiles({
        folder: await deps.adapters(),
        fetchBytes,
        model: { name: model.name, architecture: header.architecture },
      });
      const adapters = new HeldAdapters({ clock, obtain: obtainAdapter });
      const lane = await openLane({ clock, options, stored, model, header, adapters }, signal);
      return { lane, model: remembered(model, header) };
    } catch (error) {
      // What no lane could load is listed nowhere: nobody would ever free it.
      if (isNew) await files.remove(model.sha256).catch(() => undefined);
      throw error;
    }
  };
}

interface ModelToLoad {
  readonly clock: Clock;
  readonly options: GgufOpenOptions;
  readonly stored: StoredModelFile;
  readonly model: RememberedModel;
  readonly header: GgufHeader;
  readonly adapters: HeldAdapters;
}

function openLane(
  { clock, options: { withoutWebgpu, threads }, stored, model, header, adapters }: ModelToLoad,
  signal: AbortSignal,
): Promise<InferenceLane> {
  const { sizeBytes } = model;
  const webgpu = withoutWebgpu === undefined;
  if (!webgpu) requireAddressable(model.name, fitOnWasm({ sizeBytes, needs: needsOf(header) }, {}));
  const settings: RawLoadSettings = {
    contextTokens: Math.min(header.contextTokens, MAX_CONTEXT_TOKENS),
    batchTokens: webgpu ? TAB_BATCH_TOKENS.webgpu : TAB_BATCH_TOKENS.wasm,
    threads,
    webgpu,
  };
  const facts = {
    model: { name: header.name ?? model.name, sizeBytes, starter: header.starter },
    templateMissing: header.chatTemplate === undefined,
    ...(webgpu ? {} : { withoutWebgpu }),
  };
  return openEngineLane(
    {
      openEngine: (loaded, engineSignal) =>
        startEngine(clock, stored, { ...settings, adapters: loaded }, engineSignal),
      adapters,
      embedder: new Embedder({
        openEngine: (engineSignal) =>
          startEngine(clock, stored, embedderSettings(settings, header), engineSignal),
        sizeBytes,
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
}

/** On the CPU, as in the companion: the memory of the GPU is left to the instance that writes. */
function embedderSettings(
  { threads, contextTokens }: RawLoadSettings,
  { pooling }: GgufHeader,
): RawLoadSettings {
  const tokens = Math.min(contextTokens, MAX_EMBED_TOKENS);
  return { contextTokens: tokens, batchTokens: tokens, threads, webgpu: false, pooling };
}

/** A dropped file is known by its file name only until its header was read. */
function remembered(model: RememberedModel, header: GgufHeader): RememberedModel {
  return { ...model, starter: header.starter };
}
