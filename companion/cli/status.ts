/** Owns what `persona-node status` says: as data for scripts, and as text for the eye. */
import type { RoomInfo } from '../../shared/bridge/messages.ts';
import type { Relay } from '../bridge/relay.ts';
import type { AdapterShelf, LlamaBackend, ModelShelf } from '../llama/backend.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import type { StartOptions } from './arguments.ts';
import type { Status } from './control-protocol.ts';
import type { Home } from './home.ts';

export interface StatusSources {
  readonly startedAtMs: number;
  readonly origin: string;
  readonly version: string;
  readonly options: StartOptions;
  readonly home: Home;
  readonly sessions: SessionStore;
  readonly relay: Relay;
  readonly shelf: ModelShelf;
  readonly adapters: AdapterShelf;
  readonly lane: LlamaBackend;
  readonly rooms: readonly RoomInfo[];
}

export function statusOf(sources: StatusSources): Status {
  const { startedAtMs, origin, version, options, home, sessions, relay, shelf, adapters, lane, rooms } =
    sources;
  const connections = relay.connections();
  return {
    version,
    pid: process.pid,
    startedAtMs,
    origin,
    home: home.path,
    daemon: relay.daemon,
    rooms: [...rooms],
    sessions: sessions.list().map(({ id, label, createdAtMs, lastSeenAtMs }) => {
      const own = connections.filter((connection) => connection.sessionId === id);
      return {
        id,
        label,
        createdAtMs,
        lastSeenAtMs,
        connections: own.length,
        peers: own.flatMap((connection) => connection.peers),
      };
    }),
    models: shelf.offers().map(({ id, name, sizeBytes, starter }) => ({ id, name, sizeBytes, starter })),
    adapters: adapters.offers().map(({ id, name, sizeBytes }) => ({ id, name, sizeBytes })),
    companionLane: lane.availability(),
    ...(options.lane === undefined ? {} : { forcedLane: options.lane }),
  };
}

/** Several lines, no secrets. */
export function describeStatus(status: Status): string {
  const browsers = status.sessions.map(
    ({ label, connections, peers, lastSeenAtMs }) =>
      `  ${label}: ${connections > 0 ? `connected, ${peers.length} identities` : `last seen ${new Date(lastSeenAtMs).toISOString()}`}`,
  );
  return [
    `Persona Node ${status.version}, process ${status.pid}, since ${new Date(status.startedAtMs).toISOString()}`,
    `page     ${status.origin}`,
    `home     ${status.home}`,
    `daemon   ${status.daemon.kind} (${status.daemon.state}), ${status.daemon.socketPath}`,
    ...status.rooms.map((room) => `room     ${room.name} (${room.channel})`),
    `lane     companion: ${status.companionLane.reason}${status.forcedLane === undefined ? '' : `; --lane ${status.forcedLane}`}`,
    ...status.models.map((model) => `model    ${model.name}`),
    ...status.adapters.map((adapter) => `adapter  ${adapter.name}`),
    `browsers ${status.sessions.length} paired`,
    ...browsers,
  ].join('\n');
}
