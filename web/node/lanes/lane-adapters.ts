/** Owns which lane this node thinks with: planned once, loaded once, shared by its personas until the person changes it. */
import type { Ready } from '../../../shared/bridge/protocol.ts';
import type { Clock } from '../../../shared/clock.ts';
import { AppError, toAppError } from '../../../shared/errors.ts';
import type { InferenceLane, LaneReport } from '../../../shared/inference/lane.ts';
import type { Speeds } from '../../../shared/inference/speeds.ts';
import { endpointReason, mlcOf, offeredAgain, type LaneFactory } from '../../inference/lane-factory.ts';
import { requireLoadable } from '../../inference/lane-fit.ts';
import type { KnownModel, ModelSource } from '../../inference/models/model-source.ts';
import { planLane, type AskedLane, type LanePlan, type LanePlanInput } from '../../inference/plan.ts';
import type { DeviceProbe } from '../../inference/probe.ts';
import type { AdapterFactory, DeviceLossRemedy, PlannedProfile } from '../boot/adapter-factory.ts';
import type { LaneView, Trouble } from '../view.ts';
import { troubleOf } from '../view/trouble.ts';
import { DeviceLosses } from './device-losses.ts';
import type { DeviceShare, KeptShare } from './device-share.ts';
import { askedLane, type KeptPlace, type LanePlace } from './lane-place.ts';
import { HostedLane } from './hosted-lane.ts';
import type { ModelChoice } from './model-choice.ts';
import type { SpeedBook } from './speed-book.ts';

/** Where a load was tried. */
export type TriedPlace = Pick<LanePlanInput, 'asked' | 'isGpuLost'>;

export interface LaneAdaptersDeps {
  readonly factory: LaneFactory;
  readonly models: ModelChoice;
  readonly clock: Clock;
  probe(): Promise<DeviceProbe>;
  /** Rejects with what the file's header shows against it. */
  checkFile(file: Blob): Promise<unknown>;
  /** What the companion said at the present session. Throws `BridgeDown` when there is none. */
  ready(): Ready;
  readonly speeds: SpeedBook;
  readonly share: KeptShare;
  readonly place: KeptPlace;
  onChange(lane: LaneView): void;
  /** What should be kept could not be. */
  readonly onTrouble: (error: unknown) => void;
  /** A lane thinks with this model now. */
  onOpened(model: KnownModel, report: LaneReport): void;
  /** No lane could be opened with this one. */
  onNotLoaded(source: ModelSource, tried: TriedPlace, error: AppError): void;
}

export class LaneAdapters implements AdapterFactory {
  readonly #deps: LaneAdaptersDeps;
  #opening: Promise<HostedLane> | undefined;
  #hosted: HostedLane | undefined;
  /** What the person asked for and no lane has loaded yet. */
  #wanted: ModelSource | undefined;
  /** Of the last plan, which stands until the next one. */
  #planned: Pick<LaneView, 'plannedLane' | 'forcedLane'> = {};
  #view: LaneView;
  readonly #losses: DeviceLosses;
  /** Until the person takes a model. */
  #isGpuLost = false;

  constructor(deps: LaneAdaptersDeps) {
    this.#deps = deps;
    this.#losses = new DeviceLosses(deps.clock);
    this.#view = this.#freshView('');
  }

  get progress(): LaneView['progress'] {
    return this.#view.progress;
  }

  async choose(): ReturnType<AdapterFactory['choose']> {
    try {
      const { forcedLane } = this.#deps.ready();
      this.#tellPlan({ forcedLane });
      const { lane, reason } = await this.#plan(await this.#source(), this.#asked());
      this.#tellPlan({ forcedLane, plannedLane: lane });
      this.#show({ chosenBecause: reason });
      return { lane, reason };
    } catch (error) {
      this.#show({ trouble: this.#trouble(error) });
      throw error;
    }
  }

  async build({ personaId }: Pick<PlannedProfile, 'personaId'>): Promise<InferenceLane> {
    this.#opening ??= this.#open();
    try {
      return (await this.#opening).laneFor(personaId);
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  /** From now on `build` loads this model, once the lane in use is closed. Rejects with what a file's header shows against it. */
  async take(source: ModelSource): Promise<void> {
    this.#view = withoutRefusal(this.#view);
    try {
      if (source.kind === 'file') await this.#deps.checkFile(source.file);
      await this.#requireLoadable(source, this.#asked());
    } catch (error) {
      this.#show({ refusedModel: this.#trouble(error) });
      throw error;
    }
    this.#wanted = source;
    this.#isGpuLost = false;
  }

  /** From now on lanes are opened there, once the one in use is closed. Rejects with what stands against it; then nothing changes. */
  async takePlace(place: LanePlace): Promise<void> {
    const { forcedLane } = this.#deps.ready();
    if (forcedLane !== undefined) throw new AppError('NoLane', `--lane ${forcedLane} leaves no other lane.`);
    await this.#requireLoadable(await this.#source(), askedLane(forcedLane, place));
    await this.#deps.place.keep(place);
    this.#isGpuLost = false;
    this.#show({ place });
  }

  speeds(): Speeds {
    return this.#hosted ? this.#deps.speeds.of(this.#hosted.opened.lane.report) : {};
  }

  onDeviceLost(): DeviceLossRemedy {
    const remedy = this.#losses.add(() => this.#cannotMove());
    if (remedy.kind === 'move') this.#isGpuLost = true;
    return remedy;
  }

  /** What runs on the lane in use ends with `LaneDied`. */
  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    // A lane that never opened has nothing to close; its failure was told where it was asked for.
    const hosted = await opening?.catch((_told: unknown) => undefined);
    this.#hosted = undefined;
    await hosted?.dispose();
  }

  async rest(): Promise<void> {
    await this.close();
    this.#view = this.#freshView('');
    this.#show({ isFreed: true });
  }

  async setShare(share: DeviceShare): Promise<void> {
    if (this.#hosted) this.#hosted.share = share;
    this.#show({ share });
    await this.#deps.share.keep(share);
  }

  /** Rejects with `NoLane` where no model is loaded. */
  async measure(signal: AbortSignal): Promise<void> {
    if (!this.#hosted) throw new AppError('NoLane', 'No model is loaded that could be measured.');
    await this.#hosted.measure(signal);
  }

  #cannotMove(): string | undefined {
    const { forcedLane, companionLane, models } = this.#deps.ready();
    if (forcedLane !== undefined) return `--lane ${forcedLane} leaves no other lane`;
    if (this.#deps.place.current === 'tab') return 'you chose that thinking stays in this tab';
    if (!companionLane.available) return `the companion cannot think (${companionLane.reason})`;
    if (this.#hosted?.opened.lane.report.lane === 'mlc') return 'this model runs on a GPU only';
    const known = this.#hosted?.opened.model;
    const inUse = known?.kind === 'remembered' ? known.model.sha256 : undefined;
    const hasIt = models.some(({ sha256, mlc }) => sha256 === inUse && !mlc);
    return hasIt ? undefined : 'the companion has no copy of this model';
  }

  #asked(): AskedLane | undefined {
    return askedLane(this.#deps.ready().forcedLane, this.#deps.place.current);
  }

  async #source(): Promise<ModelSource> {
    return this.#wanted ?? this.#deps.models.source(this.#deps.ready().models);
  }

  async #plan(
    source: ModelSource,
    asked: AskedLane | undefined,
    isGpuLost = this.#isGpuLost,
  ): Promise<LanePlan | { readonly lane: 'endpoint'; readonly reason: string }> {
    if (source.kind === 'endpoint') return { lane: 'endpoint', reason: endpointReason(source.model) };
    const { companionLane, models: offers } = this.#deps.ready();
    const mlc = source.kind === 'found' ? undefined : mlcOf(offeredAgain(source, offers));
    return planLane({ probe: await this.#deps.probe(), asked, companionLane, mlc, isGpuLost });
  }

  /** With a GPU that may be there again. */
  async #requireLoadable(source: ModelSource, asked: AskedLane | undefined): Promise<void> {
    const plan = await this.#plan(source, asked, false);
    if (source.kind === 'endpoint' || plan.lane === 'endpoint') return;
    const { models: offers, ...ready } = this.#deps.ready();
    const known = source.kind === 'found' ? source : offeredAgain(source, offers);
    requireLoadable(known, plan, { ...ready, probe: await this.#deps.probe() });
  }

  async #open(): Promise<HostedLane> {
    const { factory, models } = this.#deps;
    const { chosenBecause, refusedModel } = this.#view;
    const { forcedLane, companionLane, machine, models: offers } = this.#deps.ready();
    this.#view = { ...this.#freshView(chosenBecause), ...(refusedModel && { refusedModel }) };
    const tried = { asked: askedLane(forcedLane, this.#deps.place.current), isGpuLost: this.#isGpuLost };
    const source = this.#wanted ?? (await models.source(offers));
    try {
      const opened = await factory.open({
        source,
        ...tried,
        companionLane,
        machine,
        models: offers,
        onProgress: (progress) => {
          this.#show({ progress });
        },
        onReloading: (progress) => {
          if (progress) this.#show({ progress });
          else this.#change(withoutProgress(this.#view));
        },
        signal: new AbortController().signal,
      });
      if (this.#wanted) await models.remember(opened.model, offers);
      this.#wanted = undefined;
      this.#deps.onOpened(opened.model, opened.lane.report);
      this.#view = withoutProgress(this.#view);
      const { report } = opened.lane;
      this.#show({ report, chosenBecause: opened.reason, speeds: this.#deps.speeds.of(report) });
      this.#hosted = new HostedLane(opened, this.#deps.share.current, {
        ...this.#deps,
        onChange: (change) => {
          this.#show(change);
        },
      });
      return this.#hosted;
    } catch (error) {
      this.#deps.onNotLoaded(source, tried, toAppError(error, 'LaneStartFailed'));
      const trouble = this.#trouble(error);
      this.#view = withoutProgress(this.#view);
      // A model that cannot be used must not stand in the way of the model that can: told, not hidden.
      const isGone = 'model' in source && trouble.code === 'ModelNotFound';
      if (this.#wanted || isGone) {
        this.#wanted = undefined;
        if (isGone) await models.forget();
        this.#show({ refusedModel: trouble });
        return this.#open();
      }
      this.#show({ trouble });
      throw error;
    }
  }

  #trouble(error: unknown): Trouble {
    return troubleOf(toAppError(error, 'LaneStartFailed'), this.#deps.clock);
  }

  #freshView(chosenBecause: string): LaneView {
    const { share, place } = this.#deps;
    return { chosenBecause, share: share.current, place: place.current, ...this.#planned };
  }

  #tellPlan(planned: Pick<LaneView, 'plannedLane' | 'forcedLane'>): void {
    this.#planned = planned;
    this.#show(planned);
  }

  #show(change: Partial<LaneView>): void {
    this.#change({ ...this.#view, ...change });
  }

  #change(view: LaneView): void {
    this.#view = view;
    this.#deps.onChange(view);
  }
}

function withoutProgress({ progress: _over, ...view }: LaneView): LaneView {
  return view;
}

function withoutRefusal({ refusedModel: _past, ...view }: LaneView): LaneView {
  return view;
}
