/** Owns the way from a compiled model of the companion to a lane inside the inference worker. */
import type { Clock } from '../../../shared/clock.ts';
import { AppError, type ErrorCode } from '../../../shared/errors.ts';
import { MLC_FILES } from '../../../shared/models/mlc-files.ts';
import type { MlcOpenOptions } from '../worker-lane/worker-api.ts';
import type { OpenModel } from '../worker-lane/worker-lane-service.ts';
import { loadError } from './mlc-errors.ts';
import { MlcLane } from './mlc-lane.ts';
import { WEB_LLM_VERSION, type MlcModel, type RawMlc } from './raw-mlc.ts';

export interface OpenMlcDeps {
  readonly clock: Clock;
  readonly origin: string;
  /** Fetches the engine's own code. */
  readonly loadEngine: () => Promise<RawMlc>;
}

/** web-llm tells a share of what it does. */
const STEPS = 100;

const FETCHED_WRONGLY: ReadonlySet<ErrorCode> = new Set([
  'ModelNotFound',
  'ModelTruncated',
  'ModelUnsupported',
]);

export function createOpenMlc({ clock, origin, loadEngine }: OpenMlcDeps): OpenModel<MlcOpenOptions> {
  return async ({ offer }, onProgress) => {
    const { name, sizeBytes, sha256, path, mlc } = offer;
    if (!mlc) throw new AppError('ModelUnsupported', `${name} is not compiled by MLC.`);
    const folder = `${origin}${path}/${MLC_FILES}`;
    const model: MlcModel = { id: sha256, folder, library: folder + mlc.library };
    const load = async (): Promise<RawMlc> => {
      const engine = await loadEngine();
      try {
        // Another build of the same folder is another model: nobody would ever free the older copy.
        await engine.forgetOthers(model).catch(() => undefined);
        await engine.load(model, (_text, share) => {
          onProgress({
            what: `Loading ${name}`,
            done: Math.round(share * STEPS),
            total: STEPS,
            unit: 'steps',
          });
        });
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
      contextTokens: mlc.contextTokens,
      threads: 1,
      loadMs: clock.monotonicMs() - startedMs,
    } as const;
    const lane = new MlcLane({ clock, report, load }, engine);
    return { lane, model: { name, sizeBytes, sha256, starter: false } };
  };
}
