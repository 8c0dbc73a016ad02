/**
 * Owns a companion with a daemon's room inside, for tests of the node alone: one room, leases, durable order, and the
 * misbehaviour a test asks for. The real relay and the real daemon are exercised by the simulation and the journeys.
 */
import * as v from 'valibot';
import { compareCursors, cursorOf, type Cursor, type Uuid } from '../airc/model.ts';
import { AppError, toWireError, type ErrorCode } from '../errors.ts';
import { BRIDGE_VERSION, LEASE_SILENCE_MS } from '../bridge/limits.ts';
import type { Link, LinkDialer } from '../bridge/link.ts';
import type { AdapterOffer } from '../bridge/adapter-offer.ts';
import type { BridgeEvent, DaemonInfo, ModelOffer } from '../bridge/messages.ts';
import {
  METHODS,
  UpMessageSchema,
  type DownMessage,
  type MethodName,
  type MethodParams,
  type Ready,
} from '../bridge/protocol.ts';
import type { Clock } from '../clock.ts';
import { uuidV4, type RandomSource } from '../random.ts';
import { createLinkPair, type LinkPair } from './link-pair.ts';

export const STAND_IN_ORIGIN = 'http://127.0.0.1:4747';
export const STAND_IN_ROOM = { name: 'general', channel: '5f0c7a54-0d5a-4c2e-9d66-5c2f2f3f7a11' };

interface Socket {
  readonly link: Link;
  readonly claims: Map<Uuid, number>;
  readonly subscriptions: Set<string>;
  heardAtMs: number;
}

/** Answers one request instead of the stand-in; undefined leaves it to the stand-in, `never` leaves it unanswered. */
export type Interceptor = (
  method: MethodName,
  params: unknown,
) => AppError | 'never' | 'apply-but-never' | undefined;

export class CompanionStandIn {
  /** The daemon's durable order. */
  events: BridgeEvent[] = [];
  epoch = 1;
  daemonSocket = '/run/stand-in.sock';
  models: ModelOffer[] = [];
  adapters: AdapterOffer[] = [];
  isUp = true;
  /** Said instead of `ready`. */
  refusal: AppError | undefined;
  intercept: Interceptor = () => undefined;
  /** Which live events are pushed; the inbox always has all of them. */
  pushes: (event: BridgeEvent) => boolean = () => true;
  readonly sockets = new Set<Socket>();
  readonly dialer: LinkDialer;
  readonly #clock: Clock;
  readonly #random: RandomSource;
  readonly #delayMs: () => number;
  readonly #pairs = new Set<LinkPair>();
  #counter = 0;
  #fence = 0;

  constructor(clock: Clock, random: RandomSource, delayMs: () => number = () => 1) {
    this.#clock = clock;
    this.#random = random;
    this.#delayMs = delayMs;
    this.dialer = {
      origin: STAND_IN_ORIGIN,
      dial: async (signal) => {
        await clock.sleep(this.#delayMs(), signal);
        if (!this.isUp) throw new AppError('BridgeDown', 'Nobody listens.');
        const pair = createLinkPair(this.#clock, this.#delayMs);
        this.#pairs.add(pair);
        this.serve(pair.far);
        return pair.near;
      },
    };
  }

  /** All sockets end, as when the companion is killed. */
  dropSockets(): void {
    for (const pair of this.#pairs) pair.cut();
    this.#pairs.clear();
    this.sockets.clear();
  }

  /** From now on nothing arrives any more in what is connected. */
  silenceSockets(): void {
    for (const pair of this.#pairs) pair.silence();
    this.#pairs.clear();
  }

  /** What another client of the daemon said. */
  post(text: string, more: Partial<BridgeEvent> = {}): BridgeEvent {
    return this.#append({
      channel: STAND_IN_ROOM.channel,
      peerId: '0d7e5c52-6c0c-4c89-8d8b-3a3b6c1f0e01',
      clientId: '0d7e5c52-6c0c-4c89-8d8b-3a3b6c1f0e02',
      kind: 'message',
      delivery: 'durable',
      headers: [],
      body: { kind: 'text', text },
      ...more,
    });
  }

  send(message: DownMessage): void {
    for (const { link } of this.sockets) link.send(JSON.stringify(message));
  }

  /** Greets and serves one connection. */
  serve(link: Link): void {
    const socket: Socket = {
      link,
      claims: new Map(),
      subscriptions: new Set(),
      heardAtMs: this.#clock.monotonicMs(),
    };
    this.sockets.add(socket);
    link.onClose = () => {
      this.sockets.delete(socket);
    };
    link.onMessage = (text) => {
      this.#onMessage(socket, text);
    };
    this.#reply(socket, { type: 'challenge', version: BRIDGE_VERSION, nonce: 'bm9uY2U' });
  }

  /** As a fresh process: nobody is connected, nothing is claimed. */
  forgetSockets(): void {
    this.sockets.clear();
  }

  #reply(socket: Socket, message: DownMessage): void {
    // A message to a socket that is gone is what a real server drops as well.
    if (this.sockets.has(socket)) socket.link.send(JSON.stringify(message));
  }

  #onMessage(socket: Socket, text: string): void {
    const message = v.parse(UpMessageSchema, JSON.parse(text));
    socket.heardAtMs = this.#clock.monotonicMs();
    switch (message.type) {
      case 'authenticate':
        this.#reply(
          socket,
          this.refusal ? { type: 'refused', error: toWireError(this.refusal) } : this.#ready(),
        );
        return;
      case 'ping':
        this.#reply(socket, { type: 'pong', sentAtMs: message.sentAtMs });
        return;
      case 'request': {
        const params = v.parse(METHODS[message.method].params, message.params);
        const wish = this.intercept(message.method, params);
        if (wish === 'never') return;
        const error = wish instanceof AppError ? wish : undefined;
        const outcome = error ? { error: toWireError(error) } : this.#answer(socket, message.method, params);
        if (wish !== 'apply-but-never') this.#reply(socket, { type: 'response', id: message.id, ...outcome });
        return;
      }
    }
  }

  #answer(
    socket: Socket,
    method: MethodName,
    params: unknown,
  ): Pick<Extract<DownMessage, { type: 'response' }>, 'result' | 'error'> {
    switch (method) {
      case 'claim':
        return this.#claim(socket, params as MethodParams<'claim'>);
      case 'release':
        socket.claims.delete((params as MethodParams<'release'>).peerId);
        return { result: {} };
      case 'roomTip': {
        const last = this.events.at(-1);
        return { result: last ? { tip: cursorOf(last) } : {} };
      }
      case 'inbox':
        return { result: this.#inbox(params as MethodParams<'inbox'>) };
      case 'attach':
        socket.subscriptions.add((params as MethodParams<'attach'>).subscription);
        return { result: {} };
      case 'detach':
        socket.subscriptions.delete((params as MethodParams<'detach'>).subscription);
        return { result: {} };
      case 'publish':
        return this.#publish(socket, params as MethodParams<'publish'>);
      default:
        return refuse('NoLane', 'The stand-in has no lane.');
    }
  }

  #claim(
    socket: Socket,
    { peerId }: MethodParams<'claim'>,
  ): { result?: unknown; error?: ReturnType<typeof toWireError> } {
    for (const other of this.sockets) {
      const isAlive = this.#clock.monotonicMs() - other.heardAtMs < LEASE_SILENCE_MS;
      if (other !== socket && isAlive && other.claims.has(peerId))
        return refuse('OwnerElsewhere', 'She is at home elsewhere.');
    }
    this.#fence += 1;
    socket.claims.set(peerId, this.#fence);
    return { result: { fence: this.#fence } };
  }

  #publish(
    socket: Socket,
    params: MethodParams<'publish'>,
  ): { result?: unknown; error?: ReturnType<typeof toWireError> } {
    if (socket.claims.get(params.fromPeer) !== params.fence)
      return refuse('NotClaimed', 'The fence is stale.');
    const { channel, fromPeer, fromClient, kind, delivery, headers, body } = params;
    const event = this.#append({
      channel,
      peerId: fromPeer,
      clientId: fromClient,
      kind,
      delivery,
      headers,
      body,
    });
    const { eventId, epoch, counter, occurredAtMs } = event;
    return { result: { eventId, epoch, counter, occurredAtMs } };
  }

  #append(
    event: Omit<BridgeEvent, 'eventId' | 'epoch' | 'counter' | 'occurredAtMs'> & Partial<BridgeEvent>,
  ): BridgeEvent {
    this.#counter += 1;
    const stamped: BridgeEvent = {
      eventId: uuidV4(this.#random),
      epoch: this.epoch,
      counter: this.#counter,
      occurredAtMs: this.#clock.nowMs(),
      ...event,
    };
    if (stamped.delivery === 'durable') this.events.push(stamped);
    if (this.pushes(stamped)) {
      for (const socket of this.sockets) {
        for (const subscription of socket.subscriptions)
          this.#reply(socket, { type: 'event', subscription, event: stamped });
      }
    }
    return stamped;
  }

  #inbox({ since, limit }: MethodParams<'inbox'>): { events: BridgeEvent[]; newest?: Cursor } {
    const events = since
      ? this.events.filter((event) => compareCursors(event, since) > 0).slice(0, limit)
      : this.events.slice(-limit);
    const last = events.at(-1);
    return last ? { events, newest: cursorOf(last) } : { events };
  }

  get daemon(): DaemonInfo {
    return { kind: 'embedded', socketPath: this.daemonSocket, state: 'up' };
  }

  #ready(): Ready {
    return {
      type: 'ready',
      version: BRIDGE_VERSION,
      companionVersion: '0.1.0',
      home: '/home/person/.persona-node',
      daemon: this.daemon,
      rooms: [STAND_IN_ROOM],
      models: this.models,
      adapters: this.adapters,
      approvedHosts: [],
      companionLane: { available: true, reason: '' },
      machine: { memoryBytes: 2 ** 34, cores: 4 },
    };
  }
}

function refuse(code: ErrorCode, message: string): { error: ReturnType<typeof toWireError> } {
  return { error: toWireError(new AppError(code, message)) };
}
