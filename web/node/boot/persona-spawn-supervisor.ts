/**
 * Owns bringing the planned personas online: plan → bootstrap → profile → adapter → warmup → brain → prime → spawn →
 * attach. A failure is the failure of one slot; its siblings go on, and a registered persona without a loop stays
 * visible with the reason.
 */
import type { PersonaCognition } from '../../brain/turn.ts';
import type { Uuid } from '../../../shared/airc/model.ts';
import type { Clock } from '../../../shared/clock.ts';
import { AppError, toAppError } from '../../../shared/errors.ts';
import type { InferenceLane } from '../../../shared/inference/lane.ts';
import { samplingFor, type InferenceProfile } from '../../../shared/inference/profile.ts';
import type { Logger } from '../../../shared/log.ts';
import type { RandomSource } from '../../../shared/random.ts';
import type { RoleId } from '../../../shared/persona/identity.ts';
import type { CitizenIdentity } from '../citizen/citizen-identity.ts';
import type { CitizenRuntime } from '../citizen/citizen-runtime.ts';
import type { SleepState } from '../host/sleepers.ts';
import type { PersonaRegistry } from '../registry/persona-registry.ts';
import { drain, startService } from '../registry/service-handle.ts';
import type { ChatRow, Conversation } from '../serve/conversation.ts';
import { contextLogger, type PersonaContext } from '../serve/persona-context.ts';
import { createServeOutcome } from '../serve/serve-outcome.ts';
import { servePersona, type ServeDeps, type ServeNews } from '../serve/serve-persona.ts';
import type { LedgerStore } from '../storage/stores.ts';
import type { AdapterFactory, LaneChoice, PlannedProfile } from './adapter-factory.ts';
import type { BootSlotFailure, BootStage, BootSummary } from './boot-summary.ts';
import type { HardwareTier } from './hardware-tier.ts';
import type { IdentityProvider } from './identity-provider.ts';

export interface SupervisorDeps {
  readonly registry: PersonaRegistry;
  readonly plan: readonly RoleId[];
  readonly tier: HardwareTier;
  readonly adapters: AdapterFactory;
  readonly ledger: LedgerStore;
  readonly sleepers: SleepState;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  startCitizen(identity: CitizenIdentity): CitizenRuntime;
  createConversation(runtime: CitizenRuntime): Conversation;
  createCognition(ctx: Omit<PersonaContext, 'cognition'>): PersonaCognition;
  isAddressed(row: ChatRow, name: string): boolean;
  readonly onDeviceLost: ServeDeps['onDeviceLost'];
  onStage(peerId: Uuid, stage: BootStage): void;
  onServeNews(peerId: Uuid, news: ServeNews): void;
  onUnattended(peerId: Uuid, stage: BootStage, error: AppError): void;
}

/** Attaching to the room takes milliseconds; what takes this long is a failure with a reason, tried again later. */
const PRIME_WITHIN_MS = 20_000;

export class PersonaSpawnSupervisor {
  readonly #deps: SupervisorDeps;

  constructor(deps: SupervisorDeps) {
    this.#deps = deps;
  }

  /** Hosts every planned role once. Never rejects: what failed is in the summary. */
  async spawnAll(provider: IdentityProvider): Promise<BootSummary> {
    const { clock, log, plan, tier } = this.#deps;
    const startedAtMs = clock.nowMs();
    const startedMs = clock.monotonicMs();
    log.log(tier.isFallback ? 'warn' : 'info', 'boot.tier', { tier: tier.id, fallback: tier.isFallback });
    const failures: BootSlotFailure[] = [];
    // One after the other: loading two models at once would take the memory of both.
    for (const [slotIndex, role] of plan.entries()) {
      const failure = await this.#spawnSlot(provider, role);
      if (failure) failures.push({ slotIndex, role, ...failure });
    }
    const summary: BootSummary = {
      planned: plan.length,
      hosted: plan.length - failures.length,
      failures,
      tierId: tier.id,
      tierIsFallback: tier.isFallback,
      startedAtMs,
      durationMs: Math.round(clock.monotonicMs() - startedMs),
    };
    log.log(failures.length > 0 ? 'error' : 'info', 'boot.summary', {
      planned: summary.planned,
      hosted: summary.hosted,
      durationMs: summary.durationMs,
    });
    return summary;
  }

  /**
   * Tries the unattended ones again, or those whose reason `isWanted`: after the lane, the room or the store came back.
   * Silent when there are none.
   */
  async hostUnattended(isWanted: (reason: AppError) => boolean = () => true): Promise<void> {
    const { registry } = this.#deps;
    for (const peerId of registry.ids()) {
      const runtime = registry.get(peerId);
      const reason = registry.unattendedBecause(peerId);
      if (runtime && reason && isWanted(reason)) await this.#host(runtime);
    }
  }

  /** Stops every loop, runs `swap`, and hosts everybody on what `adapters` builds then: a turn under way is thought again. */
  async rehostAll(swap: () => Promise<void>): Promise<void> {
    const { registry } = this.#deps;
    const moving = new AppError('LaneBusy', 'She moves to another model.');
    for (const peerId of registry.ids()) await registry.detach(peerId, moving);
    await swap();
    await this.hostUnattended();
  }

  /** Stops every loop; the turns under way are taken up when somebody hosts them again. */
  async haltAll(reason: AppError): Promise<void> {
    const { registry } = this.#deps;
    for (const peerId of registry.ids()) {
      await registry.detach(peerId, reason);
      this.#deps.onUnattended(peerId, 'adapter', reason);
    }
  }

  async #spawnSlot(
    provider: IdentityProvider,
    role: RoleId,
  ): Promise<Pick<BootSlotFailure, 'stage' | 'error' | 'personaId'> | undefined> {
    const { log, registry } = this.#deps;
    let runtime: CitizenRuntime;
    try {
      const { identity, source } = await provider.draw(role, new Set(registry.ids()));
      log.log('info', 'boot.identity', {
        peer: identity.seed.peer_id,
        name: identity.seed.agent_name,
        source,
      });
      runtime = this.#deps.startCitizen(identity);
      if (!registry.register(runtime)) {
        await runtime.stop();
        throw new AppError('IdentityConflict', `"${identity.seed.agent_name}" is hosted already.`);
      }
    } catch (thrown) {
      const error = toAppError(thrown);
      log.log('error', 'boot.failed', { stage: 'bootstrap', role, code: error.code, message: error.message });
      return { stage: 'bootstrap', error };
    }
    const failure = await this.#host(runtime);
    return failure && { ...failure, personaId: runtime.citizen.peerId };
  }

  /** The part after the bootstrap, the same at boot, after a failure and on a change of model. */
  async #host(runtime: CitizenRuntime): Promise<Pick<BootSlotFailure, 'stage' | 'error'> | undefined> {
    const { peerId } = runtime.citizen;
    let stage: BootStage = 'plan';
    const enter = (next: BootStage): void => {
      stage = next;
      this.#deps.onStage(peerId, next);
    };
    const conversation = this.#deps.createConversation(runtime);
    const attempt = new AbortController();
    // Asked for again at prime, and there it must come true.
    const arrived = conversation.arrive(attempt.signal).catch((_notYet: unknown) => undefined);
    try {
      enter('plan');
      const choice = await this.#deps.adapters.choose();
      enter('profile');
      const planned = this.#profile(runtime, choice);
      enter('adapter');
      const adapter = await this.#deps.adapters.build(planned);
      const { contextTokens, model } = adapter.report;
      enter('warmup');
      const warmup = await adapter.warmup();
      const profile: InferenceProfile = {
        ...planned,
        contextTokens,
        modelName: model.name,
        isStarter: model.starter,
        sampling: samplingFor(model.starter),
        speeds: this.#deps.adapters.speeds(),
        warmup,
      };
      enter('brain');
      const ctx = this.#context(runtime, profile, adapter);
      ctx.log.log('info', 'boot.profile', { starter: profile.isStarter, ...warmup });
      enter('prime');
      await withDeadline(this.#deps.clock, PRIME_WITHIN_MS, (signal) => conversation.prime(signal));
      enter('spawn');
      await this.#serve(ctx, runtime, conversation, enter);
      return undefined;
    } catch (thrown) {
      const error = toAppError(thrown);
      this.#deps.registry.markUnattended(peerId, error);
      this.#deps.log.log('error', 'boot.failed', {
        stage,
        peer: peerId,
        code: error.code,
        message: error.message,
      });
      this.#deps.onUnattended(peerId, stage, error);
      return { stage, error };
    } finally {
      attempt.abort(new AppError('Aborted', 'The attempt to host her is over.'));
      // It may be past its wait: the next attempt must find the present that this one has taken, not take a second one.
      await arrived;
    }
  }

  #profile(runtime: CitizenRuntime, choice: LaneChoice): PlannedProfile {
    const { seed } = runtime.identity;
    const { tier } = this.#deps;
    return {
      personaId: seed.peer_id,
      personaName: seed.agent_name,
      lane: choice.lane,
      tierId: tier.id,
      tierIsFallback: tier.isFallback,
      laneReason: choice.reason,
    };
  }

  #context(runtime: CitizenRuntime, profile: InferenceProfile, adapter: InferenceLane): PersonaContext {
    const { identity, citizen } = runtime;
    const bare = {
      identity,
      role: identity.seed.role,
      profile,
      adapter,
      citizen,
      log: contextLogger(this.#deps.log, { identity, profile }),
    };
    return { ...bare, cognition: this.#deps.createCognition(bare) };
  }

  async #serve(
    ctx: PersonaContext,
    runtime: CitizenRuntime,
    conversation: Conversation,
    enter: (stage: BootStage) => void,
  ): Promise<void> {
    const { registry, ledger, sleepers, clock, random } = this.#deps;
    const { peerId } = runtime.citizen;
    const outcome = createServeOutcome();
    const handle = startService(outcome, (signal) =>
      servePersona(
        {
          ctx,
          conversation,
          ledger,
          lease: runtime.lease,
          clock,
          random,
          outcome,
          onDeviceLost: this.#deps.onDeviceLost,
          isAddressed: (row) => this.#deps.isAddressed(row, runtime.identity.seed.agent_name),
          isAsleep: () => sleepers.has(peerId),
          onSleep: (listener) =>
            sleepers.changes.subscribe((who) => {
              if (who === peerId && sleepers.has(peerId)) listener();
            }),
          onNews: (news) => {
            this.#deps.onServeNews(peerId, news);
          },
        },
        signal,
      ).finally(() => {
        conversation.close();
      }),
    );
    enter('attach');
    const attached = await registry.attach(peerId, handle);
    if (!attached.ok) {
      await drain(attached.handle, clock);
      throw new AppError('Internal', `The service loop could not be attached: ${attached.reason}.`);
    }
    this.#deps.onServeNews(peerId, { kind: 'idle' });
    handle.ended
      .then((end) => {
        if (end.kind !== 'failed') return;
        void registry.detach(peerId, end.error);
        this.#deps.onUnattended(peerId, 'attach', end.error);
      })
      .catch((_never: unknown) => undefined);
  }
}

/** The signal that `attempt` gets aborts with `BridgeTimeout` after that time. */
async function withDeadline<T>(
  clock: Clock,
  withinMs: number,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const cancel = clock.after(withinMs, () => {
    controller.abort(new AppError('BridgeTimeout', 'The room could not be reached in time.'));
  });
  try {
    return await attempt(controller.signal);
  } finally {
    cancel();
  }
}
