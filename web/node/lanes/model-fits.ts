/** Owns whether each model that the person can choose fits where it would run, told before it is fetched or loaded. */
import type { ModelOffer } from '../../../shared/bridge/messages.ts';
import type { AppError } from '../../../shared/errors.ts';
import type { LaneReport } from '../../../shared/inference/lane.ts';
import type { Ready } from '../../../shared/bridge/protocol.ts';
import { SUGGESTED_MODELS } from '../../../shared/models/catalogue.ts';
import { COMPILED_MODELS } from '../../../shared/models/compiled-catalogue.ts';
import { fitCompiled, type ModelToFit } from '../../../shared/models/fit-places.ts';
import { needsOf, type ModelNeeds } from '../../../shared/models/model-needs.ts';
import { withFailure, withLoad, type Estimate, type Learned } from '../../../shared/models/fit-learning.ts';
import { deviceName, fitAt, placeOf, placeOfReport, type FitPlace } from '../../inference/lane-fit.ts';
import { headerOf } from '../../inference/models/file-header.ts';
import type { ModelFiles } from '../../inference/models/model-files.ts';
import type { KnownModel, ModelSource } from '../../inference/models/model-source.ts';
import { oneFile } from '../../inference/models/one-file.ts';
import type { StoredBundle, StoredBundles } from '../../inference/models/stored-bundles.ts';
import { planLane, type AskedLane } from '../../inference/plan.ts';
import type { DeviceProbe } from '../../inference/probe.ts';
import type { FitBook } from './fit-book.ts';
import type { TriedPlace } from './lane-adapters.ts';
import { askedLane, type KeptPlace } from './lane-place.ts';
import type { CompiledModelView, FitView, StoredModelView, SuggestedModelView } from '../view.ts';

export interface ModelFitsDeps {
  readonly files: () => Promise<Pick<ModelFiles, 'find'>>;
  readonly book: Pick<FitBook, 'of' | 'learn'>;
  readonly bundles: Pick<StoredBundles, 'files' | 'list'>;
  readonly place: Pick<KeptPlace, 'current'>;
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
  async withFits(
    stored: readonly StoredModelView[],
    bundles: readonly StoredBundle[],
  ): Promise<readonly StoredModelView[]> {
    const withFit = async (model: StoredModelView): Promise<StoredModelView> => {
      if (model.place === 'endpoint') return model;
      const offer = this.#deps.ready()?.models.find(({ sha256 }) => sha256 === model.id);
      const bundle = offer ? undefined : bundles.find(({ sha256 }) => sha256 === model.id);
      const mlc = bundle?.kind.of === 'mlc' ? bundle.kind : undefined;
      const here = async (): Promise<ModelNeeds | undefined> =>
        mlc?.needs ?? (model.place === 'browser' ? this.#needsOf(model.id, bundle?.id) : undefined);
      const needs = offer?.needs ?? (await here());
      const fit = await this.#fitOf({ sizeBytes: model.sizeBytes, needs }, offer?.mlc ?? mlc?.facts);
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

  /** Those that a GPU here can run, in the build that it can run; none where another lane was asked for. */
  async compiled(): Promise<readonly CompiledModelView[]> {
    const ready = this.#deps.ready();
    const probe = await this.#deps.probe();
    const hasGpu = probe.webgpu === 'shader-f16' || probe.webgpu === 'no shader-f16';
    const asked = ready && this.#askedOf(ready);
    const isElsewhere = asked?.by === 'start' || asked?.lane === 'companion';
    if (!ready || isElsewhere || !hasGpu) return [];
    return COMPILED_MODELS.map(({ f16, f32, ...model }) => {
      const { address, gpuBytes } = probe.webgpu === 'shader-f16' ? f16 : f32;
      const { verdict, words } = fitCompiled(gpuBytes, probe, this.#learnedOf('mlc', ready, probe));
      return { ...model, address, fit: { verdict, words } };
    });
  }

  /** Holds what a load really took against its estimate. */
  async loaded(known: KnownModel, report: LaneReport): Promise<void> {
    const place = placeOfReport(report);
    if (known.kind === 'endpoint' || !place) return;
    const model = await this.#modelOf(known);
    if (!model) return;
    // Where the cache had to be guessed, a wrong guess would be learned.
    const used = model.needs?.cacheBytesPerToken === undefined ? undefined : report.memory;
    const load = { model: known.model.sha256, used };
    await this.#learn(place, model, (learned, estimate) => withLoad(learned, { ...load, estimate }));
  }

  /** `error` is what a load of it ended with: only that there was no memory is learned from. */
  async failed(source: ModelSource, tried: TriedPlace, error: AppError): Promise<void> {
    const ready = this.#deps.ready();
    if (error.code !== 'ModelTooLarge' || !ready) return;
    const model = await this.#modelOf(source);
    if (!model) return;
    const probe = await this.#deps.probe();
    const { companionLane } = ready;
    const plan = planLane({ probe, ...tried, companionLane, mlc: model.mlc });
    await this.#learn(placeOf(plan), model, withFailure);
  }

  #askedOf({ forcedLane }: Ready): AskedLane | undefined {
    return askedLane(forcedLane, this.#deps.place.current);
  }

  #learnedOf(place: FitPlace, { machine }: Ready, probe: DeviceProbe): Learned {
    return this.#deps.book.of(place, deviceName(place, { probe, machine }));
  }

  async #learn(
    place: FitPlace,
    model: ModelToFit,
    change: (learned: Learned, estimate: Estimate) => Learned,
  ): Promise<void> {
    const machine = this.#deps.ready()?.machine;
    if (!machine) return;
    const devices = { probe: await this.#deps.probe(), machine };
    const { estimate } = fitAt(place, model, devices);
    await this.#deps.book.learn(place, deviceName(place, devices), (learned) => change(learned, estimate));
  }

  async #modelOf(source: ModelSource): Promise<(ModelToFit & Pick<ModelOffer, 'mlc'>) | undefined> {
    switch (source.kind) {
      case 'endpoint':
        return undefined;
      case 'offer':
        return source.offer;
      case 'found':
        return source.found;
      case 'file': {
        const { file } = source;
        return { sizeBytes: file.size, needs: await headerOf(file).then(needsOf, () => undefined) };
      }
      case 'remembered': {
        const { sha256, sizeBytes, bundle } = source.model;
        const offer = this.#deps.ready()?.models.find((each) => each.sha256 === sha256);
        if (offer) return offer;
        const needs = bundle?.mlc ? this.#needsOfCompiled(bundle.id) : this.#needsOf(sha256, bundle?.id);
        return { sizeBytes, needs: await needs, mlc: bundle?.mlc };
      }
    }
  }

  async #fitOf(model: ModelToFit, mlc?: ModelOffer['mlc']): Promise<FitView | undefined> {
    const ready = this.#deps.ready();
    if (!ready) return undefined;
    const probe = await this.#deps.probe();
    const { companionLane, machine } = ready;
    try {
      const plan = planLane({ probe, asked: this.#askedOf(ready), companionLane, mlc });
      const place = placeOf(plan);
      const learned = this.#learnedOf(place, ready, probe);
      const { verdict, words } = fitAt(place, model, { probe, machine }, learned);
      return { verdict, words };
    } catch {
      // No lane at all: the lane's own trouble says so.
      return undefined;
    }
  }

  #needsOf(sha256: string, bundle: string | undefined): Promise<ModelNeeds | undefined> {
    const known = this.#needs.get(sha256);
    if (known) return known;
    const reading = this.#read(sha256, bundle).catch(() => undefined);
    this.#needs.set(sha256, reading);
    return reading;
  }

  /** It is no GGUF, and has no header: its plan says what it needs. */
  async #needsOfCompiled(bundle: string): Promise<ModelNeeds | undefined> {
    const bundles = await this.#deps.bundles.list().catch(() => []);
    const kind = bundles.find(({ id }) => id === bundle)?.kind;
    return kind?.of === 'mlc' ? kind.needs : undefined;
  }

  async #read(sha256: string, bundle: string | undefined): Promise<ModelNeeds | undefined> {
    const shards = bundle === undefined ? undefined : await this.#deps.bundles.files(bundle);
    const file = shards
      ? await oneFile(shards.map((shard) => shard.file))
      : await (await this.#deps.files()).find(sha256);
    return file && needsOf(await headerOf(file));
  }
}
