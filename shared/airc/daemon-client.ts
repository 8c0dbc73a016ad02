/** Owns what a daemon can do beyond what the relay needs: filtered streams, the key registry, its end. */
import type { AircConnection, AttachStart } from './connection.ts';
import type { HeaderFilter } from './header-filter.ts';
import type { Peer, RouteEndpoint } from './ipc/peers.ts';
import type { AircEvent, Cursor, DeliveryClass, EventKind, Uuid } from './model.ts';

export interface StreamQuery {
  readonly channel: Uuid;
  readonly start: AttachStart;
  /** Withhold the backlog and tell its size with the first event after it. */
  readonly coalesceBacklog?: boolean;
  /** Absent lets every kind through, an empty list none. */
  readonly kinds?: readonly EventKind[];
  readonly delivery?: readonly DeliveryClass[];
  readonly headers?: HeaderFilter;
}

export type StreamItem =
  | { readonly kind: 'event'; readonly event: AircEvent }
  | { readonly kind: 'advanced'; readonly skipped: number; readonly advancedTo: Cursor };

/** Rejects like AircConnection. */
export interface DaemonClient extends AircConnection {
  /** Like `attach`, with filters; resolves once the subscription is registered. */
  stream(query: StreamQuery, signal: AbortSignal): Promise<AsyncIterable<StreamItem>>;
  listPeers(signal?: AbortSignal): Promise<readonly Peer[]>;
  removePeer(peerId: Uuid, signal?: AbortSignal): Promise<void>;
  routeEndpoints(signal?: AbortSignal): Promise<readonly RouteEndpoint[]>;
  /** Ends the daemon. Resolves also when it was gone before it answered. */
  stop(signal?: AbortSignal): Promise<void>;
}
