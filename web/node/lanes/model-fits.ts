/** Owns whether each model that the person can choose fits where it would run, told before it is fetched or loaded. */
import type { ModelOffer } from '../../../shared/bridge/messages.ts';
import type { Ready } from '../../../shared/bridge/protocol.ts';
import { SUGGESTED_MODELS } from '../../../shared/models/catalogue.ts';
import type { ModelToFit } from '../../../shared/models/fit-places.ts';
import { needsOf, type ModelNeeds } from '../../../shared/models/model-needs.ts';
import { fitOnLane } from '../../inference/lane-fit.ts';
import { headerOf } from '../../inference/models/file-header.ts';
import type { ModelFiles } from '../../inference/models/model-files.ts';
import { planLane } from '../../inference/plan.ts';
import type { DeviceProbe } from '../../inference/probe.ts';
import type { FitView, StoredModelView, SuggestedModelView } from '../view.ts';

export interface ModelFitsDeps {
  readonly files: () => Promise<Pick<ModelFiles, 'find'>>;
  probe(): Promise<DeviceProbe>;
  /** Undefined while there is no session: then nobody knows which lane it would be. */
  ready(): Ready | undefined;
}

export class ModelFits {
  readonly #deps: ModelFitsDeps;
  /** By SHA-256, of the files in this browser; undefined for one that cannot be read. */
  readonly #needs = new Map<string, Promise<ModelNeeds | undefined>>();

  constructor(deps: ModelFitsDeps) {
    this.#deps = deps;
  }

  /** With their fit, wherever it can be told. */
  async withFits(stored: readonly StoredModelView[]): Promise<readonly StoredModelView[]> {
    const withFit = async (model: StoredModelView): Promise<StoredModelView> => {
      if (model.place === 'endpoint') return model;
      const offer = this.#deps.ready()?.models.find(({ sha256 }) => sha256 === model.id);
      const needs = offer?.needs ?? (model.place === 'browser' ? await this.#needsOf(model.id) : undefined);
      const fit = await this.#fitOf({ sizeBytes: model.sizeBytes, needs }, offer?.mlc);
      return fit ? { ...model, fit } : model;
    };
    return Promise.all(stored.map(withFit));
  }

  async suggested(): Promise<readonly SuggestedModelView[]> {
    return Promise.all(
      SUGGESTED_MODELS.map(async ({ address, aboutBytes, ...needs }) => {
        const fit = await this.#fitOf({ sizeBytes: aboutBytes, needs });
        return { address, ...(fit && { fit }) };
      }),
    );
  }

  async #fitOf(model: ModelToFit, mlc?: ModelOffer['mlc']): Promise<FitView | undefined> {
    const ready = this.#deps.ready();
    if (!ready) return undefined;
    const probe = await this.#deps.probe();
    const { forcedLane, companionLane, machine } = ready;
    try {
      const plan = planLane({ probe, forcedLane, companionLane, mlc });
      const { verdict, words } = fitOnLane(plan, model, { probe, machine });
      return { verdict, words };
    } catch {
      // No lane at all: the lane's own trouble says so.
      return undefined;
    }
  }

  #needsOf(sha256: string): Promise<ModelNeeds | undefined> {
    const known = this.#needs.get(sha256);
    if (known) return known;
    const reading = this.#read(sha256).catch(() => undefined);
    this.#needs.set(sha256, reading);
    return reading;
  }

  async #read(sha256: string): Promise<ModelNeeds | undefined> {
    const file = await (await this.#deps.files()).find(sha256);
    return file && needsOf(await headerOf(file));
  }
}
