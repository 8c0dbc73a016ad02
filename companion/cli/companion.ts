/** Owns the composition: every part of the companion made once, joined, and taken apart again. */
import type { RoomInfo } from '../../shared/bridge/messages.ts';
import type { Clock } from '../../shared/clock.ts';
import type { GpuBuild } from '../../shared/inference/gpu-builds.ts';
import type { Logger } from '../../shared/log.ts';
import type { RandomSource } from '../../shared/random.ts';
import { webCryptoVerifier } from '../../shared/signatures.ts';
import type { DaemonHandle } from '../bridge/daemon-watch.ts';
import { LeaseBook } from '../bridge/leases.ts';
import { Relay } from '../bridge/relay.ts';
import { GatedModels } from '../gated/gated-models.ts';
import { GatedTickets } from '../gated/gated-tickets.ts';
import type { ModelHostDeps } from '../gated/model-host.ts';
import { startHttpServer } from '../http/server.ts';
import type { AdapterShelf, LlamaBackend, ModelShelf } from '../llama/backend.ts';
import { thisMachine } from '../llama/machine.ts';
import { Pairing, type PairingOffer } from '../sessions/pairing.ts';
import { openSessionStore } from '../sessions/session-store.ts';
import { openAdoptedModels } from './adopted-file.ts';
import type { StartOptions } from './arguments.ts';
import { openClaimPins } from './claims-file.ts';
import { controlPathOf } from './control-path.ts';
import type { Status } from './control-protocol.ts';
import { startControlServer } from './control-server.ts';
import { openEndpoint } from './endpoint-file.ts';
import { openGatedToken } from './gated-file.ts';
import type { Home } from './home.ts';
import { openApprovedHosts } from './hosts-file.ts';
import { countStart } from './start-count.ts';
import { statusOf } from './status.ts';
import { Teardown } from './teardown.ts';

/** The daemon that serves this companion, and the room in it. */
export interface ResolvedDaemon extends DaemonHandle {
  /** Why this one, in words for the person. */
  readonly reason: string;
  /** At least one; the first is where personas are born. */
  readonly rooms: readonly RoomInfo[];
  /** Ends the built-in daemon; an installed one is left running. */
  close(): Promise<void>;
}

export interface Surroundings {
  readonly home: Home;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** Aborts when the companion shall end, also while it starts. */
  readonly signal: AbortSignal;
  /** A line for the person who waits for the start. */
  readonly tell: (line: string) => void;
}

/** What the composition does not make itself, so that tests run it without an engine or an installed daemon. */
export interface CompanionParts {
  /** Rejects with the named errors of discovery: `DaemonUnreachable`, `DaemonVersionMismatch`, `RoomUnresolved`, … */
  resolveDaemon(
    options: Pick<StartOptions, 'airc' | 'room'>,
    surroundings: Surroundings,
  ): Promise<ResolvedDaemon>;
  openShelf(modelPath: string, surroundings: Surroundings): Promise<ModelShelf>;
  /** Rejects with what is wrong with one of the files. */
  openAdapters(paths: readonly string[], surroundings: Surroundings): Promise<AdapterShelf>;
  /**
   * An engine that cannot run says so in `availability`; rejects with `GpuUnavailable` only where `gpu` was asked for and
   * is not to be had, which is never exchanged for the CPU.
   */
  startLane(
    shelf: ModelShelf,
    adapters: AdapterShelf,
    surroundings: Surroundings,
    gpu?: GpuBuild,
  ): Promise<LlamaBackend>;
  /** The way to the host of gated models. */
  readonly modelHost: Pick<ModelHostDeps, 'lookup' | 'send'>;
  /** Absolute paths of the build. */
  readonly staticDir: string;
  readonly defaultModel: string;
  readonly version: string;
}

export interface Companion {
  readonly origin: string;
  readonly daemon: Pick<ResolvedDaemon, 'kind' | 'socketPath' | 'reason' | 'rooms'>;
  status(): Status;
  /** A fresh one-time link. */
  pair(): PairingOffer;
  /** Ends everything in order. */
  close(): Promise<void>;
}

/** The caller holds the lock of the home. Rejects with the named error of the part that failed, all others undone. */
export async function startCompanion(
  options: StartOptions,
  surroundings: Surroundings,
  parts: CompanionParts,
): Promise<Companion> {
  const teardown = new Teardown(surroundings.log);
  try {
    return await compose(options, surroundings, parts, teardown);
  } catch (error) {
    await teardown.run();
    throw error;
  }
}

async function compose(
  options: StartOptions,
  surroundings: Surroundings,
  parts: CompanionParts,
  teardown: Teardown,
): Promise<Companion> {
  const { home, clock, random, log, signal } = surroundings;
  const startedAtMs = clock.nowMs();
  // What the person can get wrong comes first, before anything slow.
  const shelf = await parts.openShelf(options.model ?? parts.defaultModel, surroundings);
  const adapters = await parts.openAdapters(options.adapters, surroundings);
  const pins = await openClaimPins(home.claimsFile, random);
  const hosts = await openApprovedHosts(home.hostsFile, random);
  const adopted = await openAdoptedModels(home.adoptedFile, shelf, random);
  const endpoint = await openEndpoint(home.endpointFile, { clock, random });
  const token = await openGatedToken(home.gatedFile, random);
  const tickets = new GatedTickets(random);
  const gated = { token, tickets, models: new GatedModels({ ...parts.modelHost, token, clock }) };
  const sessions = await openSessionStore({ file: home.sessionsFile, clock, random, log });
  teardown.add('sessions', () => sessions.settled());
  const leases = new LeaseBook(await countStart(home.startsFile, random));

  const daemon = await parts.resolveDaemon(options, surroundings);
  teardown.add('daemon', () => daemon.close());
  const lane = await parts.startLane(shelf, adapters, surroundings, options.llamaGpu);
  teardown.add('lane', () => lane.dispose());

  const ending = new AbortController();
  const relay = new Relay({
    daemon,
    rooms: daemon.rooms,
    leases,
    pins,
    lane,
    machine: { ...thisMachine(), llamaGpu: options.llamaGpu },
    endpoint,
    shelf,
    adapters,
    adopted,
    hosts,
    gated,
    verifier: webCryptoVerifier,
    clock,
    log,
    companionVersion: parts.version,
    home: home.path,
    ...(options.lane === undefined ? {} : { forcedLane: options.lane }),
    signal: ending.signal,
  });
  teardown.add('relay', () => {
    ending.abort();
  });
  const pairing = new Pairing({ clock, random, log });
  const server = await startHttpServer({
    port: options.port,
    staticDir: parts.staticDir,
    sessions,
    pairing,
    shelf,
    adapters,
    hosts,
    gated,
    onSession: (link, info) => {
      relay.accept(link, info);
    },
    clock,
    random,
    log,
    signal: ending.signal,
  });
  teardown.add('http', () => server.close());

  const status = (): Status =>
    statusOf({
      startedAtMs,
      origin: server.origin,
      options,
      home,
      version: parts.version,
      sessions,
      relay,
      shelf,
      adapters,
      lane,
      rooms: daemon.rooms,
    });
  const pair = (): PairingOffer => server.issuePairing();
  teardown.add(
    'control',
    await startControlServer(controlPathOf(home), {
      handlers: { status, pair: () => pair() },
      clock,
      log,
    }),
  );
  signal.throwIfAborted();
  return { origin: server.origin, daemon, status, pair, close: () => teardown.run() };
}
