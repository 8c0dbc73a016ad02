/** Owns the client of a daemon's socket: every call dials anew, as the protocol has one request per connection. */
import type { AttachStart, DaemonStatus, InboxPage, PublishRequest } from '../../shared/airc/connection.ts';
import type { DaemonClient, StreamItem, StreamQuery } from '../../shared/airc/daemon-client.ts';
import { decodeEnvelope } from '../../shared/airc/envelope-decode.ts';
import { ANY_HEADERS } from '../../shared/airc/header-filter.ts';
import type { Peer, RouteEndpoint } from '../../shared/airc/ipc/peers.ts';
import { encodeRequest, type IpcRequest } from '../../shared/airc/ipc/request.ts';
import { decodeResponse, type IpcResponse, type UnknownResponse } from '../../shared/airc/ipc/response.ts';
import type { AircEvent, Cursor, PublishReceipt, Uuid } from '../../shared/airc/model.ts';
import { toBase64Url } from '../../shared/base64url.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError, toAppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { exchange, type Exchange } from './dial.ts';
import { eventsOf } from './stream-items.ts';

export interface SocketClientDeps {
  /** Path of a Unix socket, or name of a Windows pipe. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** For a whole call, and for a stream until it is registered. */
  readonly answerWithinMs?: number;
}

const ANSWER_WITHIN_MS = 5_000;

type Answer<K extends IpcResponse['kind']> = Extract<IpcResponse, { kind: K }>;

/** An event of the room whose envelope cannot be read is left out and logged: it must not hide what comes after it. */
export class SocketClient implements DaemonClient {
  readonly #deps: SocketClientDeps;

  constructor(deps: SocketClientDeps) {
    this.#deps = deps;
  }

  async ping(signal?: AbortSignal): Promise<void> {
    await this.#ask({ op: 'ping' }, 'pong', signal);
  }

  async status(signal?: AbortSignal): Promise<DaemonStatus> {
    const { peerId, uptimeSeconds, ipcProtocolVersion } = await this.#ask({ op: 'status' }, 'status', signal);
    return { peerId, uptimeSeconds, ...(ipcProtocolVersion === undefined ? {} : { ipcProtocolVersion }) };
  }

  async addPeer(peerId: Uuid, publicKey: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.#ask({ op: 'add_peer', peerId, publicKey: toBase64Url(publicKey) }, 'ok', signal);
  }

  async removePeer(peerId: Uuid, signal?: AbortSignal): Promise<void> {
    await this.#ask({ op: 'remove_peer', peerId }, 'ok', signal);
  }

  async listPeers(signal?: AbortSignal): Promise<readonly Peer[]> {
    return (await this.#ask({ op: 'list_peers' }, 'peers', signal)).peers;
  }

  async routeEndpoints(signal?: AbortSignal): Promise<readonly RouteEndpoint[]> {
    return (await this.#ask({ op: 'route_endpoints' }, 'route_endpoints', signal)).endpoints;
  }

  async send(
    message: {
      channel: Uuid;
      fromPeer: Uuid;
      fromClient: Uuid;
      text: string;
      headers?: ReadonlyMap<string, string>;
    },
    signal?: AbortSignal,
  ): Promise<PublishReceipt> {
    const headers = message.headers ?? new Map<string, string>();
    return receiptOf(await this.#ask({ op: 'send', ...message, headers }, 'publish', signal));
  }

  async publish(request: PublishRequest, signal?: AbortSignal): Promise<PublishReceipt> {
    const target = request.target ?? { kind: 'all' };
    return receiptOf(await this.#ask({ op: 'publish', ...request, target }, 'publish', signal));
  }

  async inbox(
    query: { channel: Uuid; since?: Cursor; limit: number },
    signal?: AbortSignal,
  ): Promise<InboxPage> {
    const { envelopes, newest } = await this.#ask({ op: 'inbox', ...query }, 'inbox', signal);
    const events = envelopes.flatMap((envelope) => this.#readEnvelope(envelope) ?? []);
    return newest === undefined ? { events } : { events, newest };
  }

  async roomTip(channel: Uuid, signal?: AbortSignal): Promise<Cursor | undefined> {
    return (await this.#ask({ op: 'room_tip', channel }, 'room_tip', signal)).tip;
  }

  async attach(
    query: { channel: Uuid; start: AttachStart },
    signal: AbortSignal,
  ): Promise<AsyncIterable<AircEvent>> {
    return eventsOf(await this.stream(query, signal));
  }

  async stream(query: StreamQuery, signal: AbortSignal): Promise<AsyncIterable<StreamItem>> {
    const request: IpcRequest = {
      op: 'attach',
      ...query,
      coalesceBacklog: query.coalesceBacklog ?? false,
      headers: query.headers ?? ANY_HEADERS,
    };
    const open = await this.#open(request, signal);
    try {
      expect(await firstOf(open), 'ok');
      open.answered();
      return this.#items(open);
    } catch (error) {
      await open.payloads.return();
      throw error;
    }
  }

  async stop(signal?: AbortSignal): Promise<void> {
    try {
      await this.#ask({ op: 'stop' }, 'ok', signal);
    } catch (error) {
      // It can be gone before its answer is written.
      if (toAppError(error).code !== 'DaemonGone' || signal?.aborted) throw error;
    }
  }

  async #ask<K extends IpcResponse['kind']>(
    request: IpcRequest,
    kind: K,
    signal: AbortSignal | undefined,
  ): Promise<Answer<K>> {
    const open = await this.#open(request, signal);
    try {
      return expect(await firstOf(open), kind);
    } finally {
      await open.payloads.return();
    }
  }

  #open(request: IpcRequest, signal: AbortSignal | undefined): Promise<Exchange> {
    const { path, clock, answerWithinMs: withinMs = ANSWER_WITHIN_MS } = this.#deps;
    return exchange(encodeRequest(request), { path, clock, signal, withinMs });
  }

  async *#items({ payloads }: Exchange): AsyncGenerator<StreamItem> {
    try {
      for (let next = await payloads.next(); next.done !== true; next = await payloads.next()) {
        const response = decodeResponse(next.value);
        if (response.kind === 'event') {
          const event = this.#readEnvelope(response.envelope);
          if (event !== undefined) yield { kind: 'event', event };
        } else if (response.kind === 'attach_cursor_advanced') {
          yield { kind: 'advanced', skipped: response.skipped, advancedTo: response.advancedTo };
        }
        // Other kinds are for later clients.
      }
    } finally {
      await payloads.return();
    }
  }

  #readEnvelope(envelope: Uint8Array): AircEvent | undefined {
    try {
      return decodeEnvelope(envelope);
    } catch (error) {
      const { code, message } = toAppError(error);
      this.#deps.log.log('warn', 'airc.event-unreadable', { code, message, sizeBytes: envelope.length });
      return undefined;
    }
  }
}

async function firstOf({ payloads }: Exchange): Promise<IpcResponse | UnknownResponse> {
  const first = await payloads.next();
  if (first.done === true) throw new AppError('DaemonGone', 'The daemon closed without an answer.');
  return decodeResponse(first.value);
}

function expect<K extends IpcResponse['kind']>(response: IpcResponse | UnknownResponse, kind: K): Answer<K> {
  if (response.kind === 'error') throw new AppError('DaemonRefused', response.message);
  // The comparison is what narrows it; the type system cannot follow through a type parameter.
  if (response.kind === kind) return response as Answer<K>;
  const found = response.kind === 'unknown' ? response.name : response.kind;
  throw new AppError('FrameMalformed', `The daemon answered "${found}" where "${kind}" was due.`);
}

function receiptOf({ eventId, epoch, counter, occurredAtMs }: PublishReceipt): PublishReceipt {
  return { eventId, epoch, counter, occurredAtMs };
}
