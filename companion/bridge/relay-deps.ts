/** Owns what the relay is given: everything outside itself that it may use. */
import type { RoomInfo } from '../../shared/bridge/messages.ts';
import type { Clock } from '../../shared/clock.ts';
import type { ForcedLane } from '../../shared/inference/lane.ts';
import type { Logger } from '../../shared/log.ts';
import type { SignatureVerifier } from '../../shared/signatures.ts';
import type { ApprovedHosts } from '../sessions/approved-hosts.ts';
import type { AdoptedModels } from '../found/adopted-models.ts';
import type { AdapterShelf, LaneEngine, LlamaBackend, ModelShelf } from '../llama/backend.ts';
import type { GpuBuild } from '../../shared/inference/gpu-builds.ts';
import type { Machine } from '../llama/machine.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { GatedTickets } from '../gated/gated-tickets.ts';
import type { GatedToken } from '../gated/gated-token.ts';
import type { ClaimPins } from './claim-pins.ts';
import type { DaemonHandle } from './daemon-watch.ts';
import type { LeaseBook } from './leases.ts';

/** Who is at the other end of an authenticated link, and the challenge it answered. */
export interface RelaySessionInfo {
  readonly sessionId: string;
  readonly nonce: string;
}

export interface RelayDeps {
  readonly daemon: DaemonHandle;
  /** At least one; the first is where personas are born. */
  readonly rooms: readonly RoomInfo[];
  readonly leases: LeaseBook;
  readonly pins: ClaimPins;
  readonly lane: LlamaBackend;
  readonly machine: Pick<Machine, 'memoryBytes' | 'cores'> & {
    readonly llamaGpu?: GpuBuild | undefined;
  };
  readonly endpoint: Pick<Endpoint, 'offer' | 'connect' | 'forget' | keyof LaneEngine>;
  readonly shelf: Pick<ModelShelf, 'offers' | 'openUpload'>;
  readonly adapters: Pick<AdapterShelf, 'offers'>;
  readonly adopted: Pick<AdoptedModels, 'list' | 'adopt'>;
  readonly hosts: Pick<ApprovedHosts, 'list' | 'approve'>;
  readonly gated: {
    readonly token: Pick<GatedToken, 'offer' | 'set' | 'forget'>;
    readonly tickets: Pick<GatedTickets, 'issue'>;
  };
  readonly verifier: SignatureVerifier;
  readonly clock: Clock;
  readonly log: Logger;
  readonly companionVersion: string;
  /** Shown to the person, who may have several. */
  readonly home: string;
  readonly forcedLane?: ForcedLane;
  /** Aborting closes every socket and ends what they started. */
  readonly signal: AbortSignal;
}
