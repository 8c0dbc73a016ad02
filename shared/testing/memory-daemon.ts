/** Owns a daemon without a socket, for tests of what stands in front of one: it can be gone, silent, or slow to answer. */
import type {
  AircConnection,
  AttachStart,
  DaemonStatus,
  InboxPage,
  PublishRequest,
} from '../airc/connection.ts';
import { compareCursors, cursorOf, type AircEvent, type Cursor, type PublishReceipt } from '../airc/model.ts';
import { AppError } from '../errors.ts';
import { uuidV4, type RandomSource } from '../random.ts';

const PEER = '3f0c2a52-6c0c-4c89-8d8b-3a3b6c1f0e03';

export class MemoryDaemon implements AircConnection {
  /** `gone` refuses and breaks its streams; `silent` takes calls and never answers. */
  #state: 'up' | 'gone' | 'silent' = 'up';
  readonly events: AircEvent[] = [];
  /** Awaited before a publish is answered. */
  beforeReceipt: () => Promise<void> = () => Promise.resolve();
  epoch = 1;
  #counter = 0;
  readonly #random: RandomSource;
  readonly #streams = new Set<Stream>();

  constructor(random: RandomSource) {
    this.#random = random;
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  set state(state: 'up' | 'gone' | 'silent') {
    this.#state = state;
    if (state === 'gone') {
      for (const stream of this.#streams) stream.fail(new AppError('DaemonGone', 'The daemon is gone.'));
    }
  }

  ping(signal?: AbortSignal): Promise<void> {
    return this.#answer(() => undefined, signal);
  }

  status(signal?: AbortSignal): Promise<DaemonStatus> {
    return this.#answer(() => ({ peerId: PEER, uptimeSeconds: 1, ipcProtocolVersion: 5 }), signal);
  }

  addPeer(): Promise<void> {
    return this.#answer(() => undefined);
  }

  send(): Promise<PublishReceipt> {
    return Promise.reject(new AppError('Internal', 'Tests publish.'));
  }

  async publish(request: PublishRequest, signal?: AbortSignal): Promise<PublishReceipt> {
    const { eventId, epoch, counter, occurredAtMs } = await this.#answer(() => this.post(request), signal);
    await this.beforeReceipt();
    return { eventId, epoch, counter, occurredAtMs };
  }

  inbox(query: { channel: string; since?: Cursor; limit: number }, signal?: AbortSignal): Promise<InboxPage> {
    return this.#answer(() => {
      const ofRoom = this.events.filter(
        (event) => event.channel === query.channel && event.delivery === 'durable',
      );
      const { since, limit } = query;
      const events = since
        ? ofRoom.filter((event) => compareCursors(cursorOf(event), since) > 0).slice(0, limit)
        : ofRoom.slice(-limit);
      const last = events.at(-1);
      return last ? { events, newest: cursorOf(last) } : { events };
    }, signal);
  }

  async roomTip(channel: string, signal?: AbortSignal): Promise<Cursor | undefined> {
    return (await this.inbox({ channel, limit: 1 }, signal)).newest;
  }

  attach(
    { channel }: { channel: string; start: AttachStart },
    signal: AbortSignal,
  ): Promise<AsyncIterable<AircEvent>> {
    return this.#answer(() => {
      const stream = new Stream(channel, () => this.#streams.delete(stream));
      this.#streams.add(stream);
      signal.addEventListener('abort', () => {
        stream.fail(signal.reason as Error);
      });
      return stream;
    }, signal);
  }

  /** What another client of the daemon published. */
  post(request: PublishRequest): AircEvent {
    this.#counter += 1;
    const { fromPeer, fromClient, target, ...rest } = request;
    const event: AircEvent = {
      ...rest,
      eventId: uuidV4(this.#random),
      peerId: fromPeer,
      clientId: fromClient,
      epoch: this.epoch,
      counter: this.#counter,
      occurredAtMs: this.#counter,
      target: target ?? { kind: 'all' },
    };
    this.events.push(event);
    for (const stream of this.#streams) if (stream.channel === event.channel) stream.push(event);
    return event;
  }

  /** The daemon closes every stream in good order. */
  endStreams(): void {
    for (const stream of this.#streams) stream.end();
  }

  #answer<T>(work: () => T, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) reject(signal.reason as Error);
      signal?.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
      if (this.#state === 'gone') reject(new AppError('DaemonUnreachable', 'Nobody listens.'));
      else if (this.#state === 'up') resolve(work());
    });
  }
}

class Stream implements AsyncIterable<AircEvent> {
  readonly channel: string;
  readonly #queue: AircEvent[] = [];
  readonly #onEnd: () => void;
  #end: { readonly error?: Error } | undefined;
  #wake: () => void = () => undefined;

  constructor(channel: string, onEnd: () => void) {
    this.channel = channel;
    this.#onEnd = onEnd;
  }

  push(event: AircEvent): void {
    this.#queue.push(event);
    this.#wake();
  }

  end(): void {
    this.#finish({});
  }

  fail(error: Error): void {
    this.#finish({ error });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AircEvent> {
    for (;;) {
      const event = this.#queue.shift();
      if (event !== undefined) {
        yield event;
        continue;
      }
      if (this.#end?.error) throw this.#end.error;
      if (this.#end) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #finish(end: { readonly error?: Error }): void {
    this.#end ??= end;
    this.#onEnd();
    this.#wake();
  }
}
