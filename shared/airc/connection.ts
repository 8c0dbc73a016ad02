/**
 * Owns the interface to one airc daemon, as the companion's relay uses it. Implemented by the socket client in
 * companion/airc and, in the simulation, by the embedded daemon's core without a socket.
 */
import type {
  AircEvent,
  Cursor,
  DeliveryClass,
  EventKind,
  EventTarget,
  PublishReceipt,
  Uuid,
} from './model.ts';

export interface DaemonStatus {
  /** The scope that started the daemon: not "us". */
  readonly peerId: Uuid;
  readonly uptimeSeconds: number;
  /** Absent from very old daemons. */
  readonly ipcProtocolVersion?: number;
}

export interface PublishRequest {
  readonly channel: Uuid;
  readonly fromPeer: Uuid;
  readonly fromClient: Uuid;
  readonly kind: EventKind;
  readonly delivery: DeliveryClass;
  readonly target?: EventTarget;
  readonly correlationId?: Uuid;
  readonly coalesceKey?: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly payload: Uint8Array;
}

export interface InboxPage {
  /** Oldest first, durable events only. */
  readonly events: readonly AircEvent[];
  /** Cursor of the last event of this page; absent on an empty page. */
  readonly newest?: Cursor;
}

export type AttachStart =
  | { readonly from: 'now' }
  | { readonly from: 'beginning' }
  | { readonly from: 'after'; readonly cursor: Cursor };

/**
 * Calls to one daemon. Every method rejects with an AppError (`DaemonUnreachable`, `DaemonGone`, `DaemonRefused`,
 * `FrameMalformed`, …) and honours its signal.
 */
export interface AircConnection {
  ping(signal?: AbortSignal): Promise<void>;
  status(signal?: AbortSignal): Promise<DaemonStatus>;
  addPeer(peerId: Uuid, publicKey: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** Plain chat without headers; the daemon builds the body. */
  send(
    message: {
      channel: Uuid;
      fromPeer: Uuid;
      fromClient: Uuid;
      text: string;
      headers?: ReadonlyMap<string, string>;
    },
    signal?: AbortSignal,
  ): Promise<PublishReceipt>;
  publish(request: PublishRequest, signal?: AbortSignal): Promise<PublishReceipt>;
  /** `limit` newest events, or the first `limit` strictly after `since`. */
  inbox(query: { channel: Uuid; since?: Cursor; limit: number }, signal?: AbortSignal): Promise<InboxPage>;
  /** Cursor of the newest durable event; undefined for an empty room. */
  roomTip(channel: Uuid, signal?: AbortSignal): Promise<Cursor | undefined>;
  /**
   * Resolves once the daemon has registered the subscription, so that whatever is published afterwards is seen. The
   * iterable ends when the daemon closes the stream and throws `DaemonGone` when the socket breaks; aborting or
   * breaking out of it closes the socket.
   */
  attach(
    query: { channel: Uuid; start: AttachStart },
    signal: AbortSignal,
  ): Promise<AsyncIterable<AircEvent>>;
}
