/** Owns what the host tells while it runs; the page's view is built from it, and the simulation watches it. */
import type { Uuid } from '../../../shared/airc/model.ts';
import type { DaemonInfo } from '../../../shared/bridge/messages.ts';
import type { AppError } from '../../../shared/errors.ts';
import type { BootStage, BootSummary } from '../boot/boot-summary.ts';
import type { BridgeState } from '../bridge/bridge-client.ts';
import type { CitizenRuntime } from '../citizen/citizen-runtime.ts';
import type { LeaseState } from '../citizen/lease.ts';
import type { RoomFeed } from '../room/room-feed.ts';
import type { ServeNews } from '../serve/serve-persona.ts';

export interface HostSink {
  connection(state: BridgeState): void;
  daemon(daemon: DaemonInfo): void;
  /** The room is known and the human is in it; called again when the companion comes back with another room. */
  roomOpened(feed: RoomFeed, human: CitizenRuntime): void;
  personaStarted(runtime: CitizenRuntime): void;
  lease(runtime: CitizenRuntime, state: LeaseState): void;
  stage(peerId: Uuid, stage: BootStage): void;
  serving(peerId: Uuid, news: ServeNews): void;
  unattended(peerId: Uuid, stage: BootStage, error: AppError): void;
  booted(summary: BootSummary): void;
  trouble(error: AppError): void;
}
