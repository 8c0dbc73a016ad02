/** Owns a fresh room of a daemon under test, and the reading of its streams. */
import { chatPayload, chatTextOf, parseBody } from '../airc/body.ts';
import type { PublishRequest } from '../airc/connection.ts';
import type { DaemonClient, StreamItem, StreamQuery } from '../airc/daemon-client.ts';
import { compareCursors, cursorOf, type AircEvent, type Uuid } from '../airc/model.ts';
import { systemRandom, uuidV4 } from '../random.ts';

export const PEER = '11111111-1111-4111-8111-111111111111';
export const CLIENT = '22222222-2222-4222-8222-222222222222';

export function isAscending(events: readonly AircEvent[]): boolean {
  return events.every((event, index) => {
    const before = events[index - 1];
    return before === undefined || compareCursors(cursorOf(before), cursorOf(event)) < 0;
  });
}

export class TestRoom {
  readonly channel: Uuid = uuidV4(systemRandom);
  readonly #client: DaemonClient;

  constructor(client: DaemonClient) {
    this.#client = client;
  }

  publish(fields: Partial<PublishRequest>): ReturnType<DaemonClient['publish']> {
    return this.#client.publish({
      channel: this.channel,
      fromPeer: PEER,
      fromClient: CLIENT,
      kind: 'message',
      delivery: 'durable',
      headers: new Map(),
      payload: chatPayload('text'),
      ...fields,
    });
  }

  /** One after the other, each with its number as text. */
  async say(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      await this.publish({ payload: chatPayload(String(index)) });
    }
  }

  /** From eight writers at once. */
  async burst(
    count: number,
    payload: Uint8Array = chatPayload('burst'),
  ): Promise<Awaited<ReturnType<DaemonClient['publish']>>[]> {
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      const receipts = [];
      for (let index = writer; index < count; index += 8) receipts.push(await this.publish({ payload }));
      return receipts;
    });
    return (await Promise.all(writers)).flat();
  }

  inbox(limit: number): ReturnType<DaemonClient['inbox']> {
    return this.#client.inbox({ channel: this.channel, limit });
  }

  tip(): ReturnType<DaemonClient['roomTip']> {
    return this.#client.roomTip(this.channel);
  }

  texts(events: readonly AircEvent[]): (string | undefined)[] {
    return events.map((event) => {
      const body = parseBody(event.payload);
      return body && chatTextOf(body);
    });
  }

  async listen(query: Omit<StreamQuery, 'channel'>): Promise<TestStream> {
    const ending = new AbortController();
    const items = await this.#client.stream({ ...query, channel: this.channel }, ending.signal);
    return new TestStream(items, ending);
  }
}

export class TestStream {
  readonly #items: AsyncIterator<StreamItem>;
  readonly #ending: AbortController;
  #next: Promise<IteratorResult<StreamItem, unknown>> | undefined;

  constructor(items: AsyncIterable<StreamItem>, ending: AbortController) {
    this.#items = items[Symbol.asyncIterator]();
    this.#ending = ending;
  }

  async take(count: number): Promise<AircEvent[]> {
    return (await this.takeItems(count)).flatMap((item) => (item.kind === 'event' ? [item.event] : []));
  }

  async takeItems(count: number): Promise<StreamItem[]> {
    const taken: StreamItem[] = [];
    while (taken.length < count) {
      const next = await this.#pull();
      this.#next = undefined;
      if (next.done === true) throw new Error(`The stream ended after ${taken.length} of ${count}.`);
      taken.push(next.value);
    }
    return taken;
  }

  /** What the stream does in `waitMs`; an item that came is not lost. */
  async within(waitMs: number): Promise<'quiet' | 'item' | 'ended'> {
    const outcome = this.#pull().then(
      (next) => (next.done === true ? 'ended' : 'item'),
      () => 'ended' as const,
    );
    let timer: ReturnType<typeof setTimeout> | undefined;
    const quiet = new Promise<'quiet'>((resolve) => {
      timer = setTimeout(() => resolve('quiet'), waitMs);
    });
    const first = await Promise.race([outcome, quiet]);
    clearTimeout(timer);
    return first;
  }

  end(): void {
    this.#ending.abort();
    this.#next?.catch(() => undefined);
  }

  #pull(): Promise<IteratorResult<StreamItem, unknown>> {
    this.#next ??= this.#items.next();
    return this.#next;
  }
}
