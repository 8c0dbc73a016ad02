/** Owns a relay on virtual time with a daemon in memory, and pages that talk raw protocol to it. */
import { ClaimPins, type PinTable } from '../../companion/bridge/claim-pins.ts';
import { LeaseBook } from '../../companion/bridge/leases.ts';
import type { RelayDeps } from '../../companion/bridge/relay-deps.ts';
import { Relay } from '../../companion/bridge/relay.ts';
import { GatedTickets } from '../../companion/gated/gated-tickets.ts';
import { GatedToken } from '../../companion/gated/gated-token.ts';
import { ApprovedHosts } from '../../companion/sessions/approved-hosts.ts';
import { chatPayload } from '../airc/body.ts';
import { toBase64Url } from '../base64url.ts';
import { claimProof } from '../bridge/messages.ts';
import type { DownMessage, MethodName } from '../bridge/protocol.ts';
import { AppError } from '../errors.ts';
import type { GenerateChunk, GenerateRequest } from '../inference/generate.ts';
import { silentLogger } from '../log.ts';
import { deterministicSigner, deterministicVerifier } from './deterministic-crypto.ts';
import { createLinkPair, type LinkPair } from './link-pair.ts';
import { MemoryDaemon } from './memory-daemon.ts';
import { SeededRandom } from './seeded-random.ts';
import { VirtualClock } from './virtual-clock.ts';

export const ROOM = { name: 'general', channel: '7b0c2a52-6c0c-4c89-8d8b-3a3b6c1f0e07' };
export const MAYA = 'a10c2a52-6c0c-4c89-8d8b-3a3b6c1f0e0a';
export const CLIENT = 'c10c2a52-6c0c-4c89-8d8b-3a3b6c1f0e0c';

export class RelayWorld {
  readonly clock = new VirtualClock();
  readonly daemon = new MemoryDaemon(new SeededRandom(3));
  readonly stop = new AbortController();
  /** What the pins saved last. */
  saved: PinTable = new Map();
  /** What the lane answers; it waits for ever where a promise never settles. */
  generate: (signal: AbortSignal) => AsyncIterable<GenerateChunk> = () => {
    throw new AppError('NoLane', 'No lane in this test.');
  };
  /** What reached the lane of the companion. */
  readonly asked: GenerateRequest[] = [];
  readonly released: string[] = [];
  embed: (signal: AbortSignal) => Promise<Float32Array> = () => Promise.resolve(Float32Array.of(1, 0));
  readonly relay: Relay;
  #connections = 0;

  constructor(more: Partial<RelayDeps> = {}) {
    this.relay = new Relay({
      daemon: { kind: 'embedded', socketPath: '/home/person/daemon.sock', connection: this.daemon },
      rooms: [ROOM],
      leases: new LeaseBook(1),
      pins: new ClaimPins(new Map(), (pins) => {
        this.saved = pins;
        return Promise.resolve();
      }),
      lane: {
        availability: () => ({ available: true, reason: '' }),
        open: () => Promise.reject(new AppError('ModelNotFound', 'No model in this test.')),
        generate: (_modelId, request, signal) => {
          this.asked.push(request);
          return this.generate(signal);
        },
        countPromptTokens: () => Promise.resolve(7),
        embed: (_modelId, _text, signal) => this.embed(signal),
        hold: (modelId) => () => {
          this.released.push(modelId);
        },
        dispose: () => Promise.resolve(),
      },
      endpoint: {
        offer: () => undefined,
        connect: () => Promise.reject(new AppError('EndpointUnreachable', 'No server in this test.')),
        forget: () => Promise.resolve(),
        open: () => Promise.reject(new AppError('ModelNotFound', 'No server in this test.')),
        generate: (_modelId, _request, signal) => this.generate(signal),
        countPromptTokens: () => Promise.resolve(8),
        embed: () => Promise.resolve(Float32Array.of(0, 1)),
        hold: () => () => {
          this.released.push('endpoint');
        },
      },
      shelf: { offers: () => [], openUpload: (name, sizeBytes) => `ticket-${name}-${sizeBytes}` },
      adapters: { offers: () => [] },
      machine: { memoryBytes: 2 ** 34, cores: 4 },
      adopted: {
        list: () => Promise.resolve([]),
        adopt: (id, onBytes) => {
          onBytes(1, 2);
          return Promise.reject(new AppError('ModelNotFound', `No ${id} in this test.`));
        },
      },
      hosts: new ApprovedHosts([], () => Promise.resolve()),
      gated: {
        token: new GatedToken(undefined, () => Promise.resolve()),
        tickets: new GatedTickets(new SeededRandom(4)),
      },
      verifier: deterministicVerifier,
      clock: this.clock,
      log: silentLogger,
      companionVersion: '0.1.0',
      home: '/home/person',
      signal: this.stop.signal,
      ...more,
    });
  }

  /** A page whose socket has just authenticated. */
  connect(sessionId = 'profile-1'): RawPage {
    const pair = createLinkPair(this.clock, () => 1);
    this.#connections += 1;
    const nonce = `nonce-${this.#connections}`;
    const page = new RawPage(pair, nonce, this.clock);
    this.relay.accept(pair.far, { sessionId, nonce });
    return page;
  }

  post(text: string): void {
    this.daemon.post({
      channel: ROOM.channel,
      fromPeer: CLIENT,
      fromClient: CLIENT,
      kind: 'message',
      delivery: 'durable',
      headers: new Map(),
      payload: chatPayload(text),
    });
  }
}

/** Speaks the protocol by hand, also wrongly. */
export class RawPage {
  readonly received: DownMessage[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  readonly pair: LinkPair;
  readonly #nonce: string;
  readonly #clock: VirtualClock;
  #lastId = 0;

  constructor(pair: LinkPair, nonce: string, clock: VirtualClock) {
    this.pair = pair;
    this.#nonce = nonce;
    this.#clock = clock;
    pair.near.onMessage = (text) => {
      // Tests read what came as the protocol has it; a wrong shape makes them fail where they look.
      this.received.push(JSON.parse(text) as DownMessage);
    };
    pair.near.onClose = (code, reason) => {
      this.closed = { code, reason };
    };
  }

  /** Sends a request and returns its id. */
  send(method: MethodName, params: unknown): number {
    this.#lastId += 1;
    this.pair.near.send(JSON.stringify({ type: 'request', id: this.#lastId, method, params }));
    return this.#lastId;
  }

  /** Sends a request, lets the world settle, and returns its result or error code. */
  async ask(method: MethodName, params: unknown, waitMs = 10): Promise<unknown> {
    const id = this.send(method, params);
    await this.#clock.advance(waitMs);
    return this.answer(id);
  }

  /** The result of an answered request, or its error's code; undefined while it is open. */
  answer(id: number): unknown {
    const response = this.received.find((one) => one.type === 'response' && one.id === id);
    if (response?.type !== 'response') return undefined;
    return response.error ? response.error.code : response.result;
  }

  ofType<T extends DownMessage['type']>(type: T): Extract<DownMessage, { type: T }>[] {
    return this.received.filter((one): one is Extract<DownMessage, { type: T }> => one.type === type);
  }

  async claim(peerId: string, secret = 'maya', nonce = this.#nonce): Promise<unknown> {
    const signer = deterministicSigner(secret);
    const publicKey = toBase64Url(signer.publicKey);
    const signature = toBase64Url(await signer.sign(claimProof(nonce, peerId, publicKey)));
    return this.ask('claim', { peerId, publicKey, signature });
  }

  publish(fence: unknown, text = 'hello', more: Record<string, unknown> = {}): number {
    return this.send('publish', {
      channel: ROOM.channel,
      fromPeer: MAYA,
      fromClient: CLIENT,
      fence,
      kind: 'message',
      delivery: 'durable',
      headers: [],
      body: { kind: 'text', text },
      ...more,
    });
  }
}

/** The fence of a granted claim; NaN for a refusal. */
export function fenceOf(answer: unknown): number {
  return typeof answer === 'object' && answer !== null && 'fence' in answer
    ? Number(answer.fence)
    : Number.NaN;
}
