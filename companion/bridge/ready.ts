/** Owns the companion's first words on a socket: who it is, and what a page can do here. */
import { BRIDGE_VERSION } from '../../shared/bridge/limits.ts';
import type { DaemonInfo } from '../../shared/bridge/messages.ts';
import type { Ready } from '../../shared/bridge/protocol.ts';
import type { RelayDeps } from './relay-deps.ts';

export function readyMessage(deps: RelayDeps, daemon: DaemonInfo): Ready {
  const { memoryBytes, cores, llamaGpu } = deps.machine;
  return {
    type: 'ready',
    version: BRIDGE_VERSION,
    companionVersion: deps.companionVersion,
    home: deps.home,
    daemon,
    rooms: [...deps.rooms],
    models: [...deps.shelf.offers()],
    adapters: [...deps.adapters.offers()],
    approvedHosts: [...deps.hosts.list()],
    ...(deps.endpoint.offer() && { endpoint: deps.endpoint.offer() }),
    ...(deps.gated.token.offer() && { gatedToken: deps.gated.token.offer() }),
    ...(deps.forcedLane === undefined ? {} : { forcedLane: deps.forcedLane }),
    companionLane: deps.lane.availability(),
    machine: { memoryBytes, cores, llamaGpu },
  };
}
