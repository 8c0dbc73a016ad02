/** Owns the way from a compiled model, of the companion or of this browser, to a lane inside the inference worker. */
import type { Clock } from '../../../shared/clock.ts';
import { AppError, type ErrorCode } from '../../../shared/errors.ts';
import { MLC_FILES } from '../../../shared/models/mlc-files.ts';
import type { MlcFacts } from '../../../shared/models/mlc-lists.ts';
import type { RememberedModel } from '../models/model-source.ts';
import type { StoredBundles } from '../models/stored-bundles.ts';
import type { MlcOpenOptions } from '../worker-lane/worker-api.ts';
import type { OpenModel } from '../worker-lane/worker-lane-service.ts';
import { loadError } from './mlc-errors.ts';
import { MlcLane } from './mlc-lane.ts';
import { createStoredCaches, type StoredCaches } from './stored-cache.ts';
import type { MlcModel, RawMlc } from './raw-mlc.ts';

/** Not asked of the package: it is six megabytes, and comes when an engine is loaded. */
const WEB_LLM_VERSION = '0.2.86';

export interface OpenMlcDeps {
  readonly clock: Clock;
  readonly origin: string;
  /** Fetches the engine's own code. */
  readonly loadEngine: () => Promise<RawMlc>;
  readonly bundles: Pick<StoredBundles, 'files'>;
  /** Whatever web-llm looks up in a cache from now on it finds here, or nowhere. */
  readonly serveCaches: (stored: StoredCaches) => void;
}

/** web-llm tells a share of what it does. */
const STEPS = 100;

/** What came of them is of no use. */
const FETCHED_WRONGLY: ReadonlySet<ErrorCode> = new Set([
  'ModelNotFound',
  'ModelTruncated',
  'ModelUnsupported',
  'StorageFailed',
]);

export function createOpenMlc(deps: OpenMlcDeps): OpenModel<MlcOpenOptions> {
  const { clock, origin, loadEngine } = deps;
  return async (options, onProgress) => {
    const { remembered, path, mlc } = compiledOf(options);
    const { name, sizeBytes, sha256, bundle } = remembered;
    const folder = `${origin}${path}/${MLC_FILES}`;
    const { needsF16, contextTokens } = mlc;
    const library = folder + mlc.library;
    const model: MlcModel = { id: sha256, folder, library, needsF16, contextTokens };
    const load = async (): Promise<RawMlc> => {
      if (bundle) await serveBundle(deps, remembered, bundle.id, folder);
      const engine = await loadEngine();
      try {
        await engine.load(model, (_text, share) => {
          onProgress({
            what: `Loading ${name}`,
            done: Math.round(share * STEPS),
            total: STEPS,
            unit: 'steps',
          });
        });
        // Another build of the same folder is another model: nobody would ever free the older copy.
        await engine.forgetOthers(model).catch(() => undefined);
        return engine;
      } catch (thrown) {
        const error = loadError(thrown);
        // What was fetched wrongly would be taken from its cache for ever.
        if (FETCHED_WRONGLY.has(error.code)) await engine.forget(model).catch(() => undefined);
        // Half of it may stand in the GPU already.
        await engine.exit().catch(() => undefined);
        throw error;
      }
    };
    onProgress({ what: 'Fetching web-llm', done: 0, total: 0, unit: 'steps' });
    const startedMs = clock.monotonicMs();
    const engine = await load();
    const vendor = await engine.vendor().catch(() => '');
    const report = {
      lane: 'mlc',
      backend: 'webgpu',
      evidence: `web-llm ${WEB_LLM_VERSION} on WebGPU${vendor === '' ? '' : ` (${vendor})`}: all layers`,
      model: { name, sizeBytes, starter: false },
      contextTokens,
      threads: 1,
      loadMs: clock.monotonicMs() - startedMs,
    } as const;
    const lane = new MlcLane({ clock, report, load }, engine);
    return { lane, model: remembered };
  };
}

interface Compiled {
  readonly remembered: RememberedModel;
  /** Of its folder, as web-llm is to know it; only that of the companion is one that answers. */
  readonly path: string;
  readonly mlc: MlcFacts;
}

function compiledOf(options: MlcOpenOptions): Compiled {
  const isOffered = 'offer' in options;
  const { name, sizeBytes, sha256 } = isOffered ? options.offer : options.stored;
  const mlc = isOffered ? options.offer.mlc : options.stored.bundle?.mlc;
  if (!mlc) throw new AppError('ModelUnsupported', `${name} is not compiled by MLC.`);
  const remembered = { name, sizeBytes, sha256, starter: false };
  if (isOffered) return { remembered, path: options.offer.path, mlc };
  const { bundle } = options.stored;
  return { remembered: { ...remembered, bundle }, path: `/stored/${sha256}`, mlc };
}

/** Anew at every load: what was deleted or mended since is seen. */
async function serveBundle(
  { bundles, serveCaches }: OpenMlcDeps,
  { name }: RememberedModel,
  id: string,
  folder: string,
): Promise<void> {
  const files = await bundles.files(id);
  if (!files) throw new AppError('ModelNotFound', `${name} is no longer stored in this browser.`);
  serveCaches(createStoredCaches(folder, files));
}
