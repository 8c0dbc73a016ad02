/** Owns concurrent writers on a daemon's socket, and the record of what the daemon promised each of them. */
import { chatPayload } from '../../shared/airc/body.ts';
import type { AircConnection, PublishRequest } from '../../shared/airc/connection.ts';
import type { PublishReceipt, Uuid } from '../../shared/airc/model.ts';
import { AppError } from '../../shared/errors.ts';
import { systemRandom, uuidV4 } from '../../shared/random.ts';

/** What a writer may meet when the daemon is killed under it; anything else is a defect. */
const ENDINGS: ReadonlySet<string> = new Set(['DaemonGone', 'DaemonUnreachable', 'FrameTruncated']);
/** About the length of a chat message. */
const PADDING = '·'.repeat(100);

/** What the daemon acknowledged: this text, under that id, at that place. */
export interface Promised {
  readonly text: string;
  readonly receipt: PublishReceipt;
}

/** A durable chat line, padded to the length of one, from a peer of its own. */
export function lineOf(
  channel: Uuid,
  name: string,
): { readonly text: string; readonly request: PublishRequest } {
  const text = `${name} ${PADDING}`;
  const peer = uuidV4(systemRandom);
  const request: PublishRequest = {
    channel,
    fromPeer: peer,
    fromClient: peer,
    kind: 'message',
    delivery: 'durable',
    headers: new Map(),
    payload: chatPayload(text),
  };
  return { text, request };
}

export interface WritersOptions {
  readonly connection: AircConnection;
  readonly channel: Uuid;
  /** In every text, so that no two runs say the same. */
  readonly name: string;
  readonly count: number;
  /** Of each writer; without it they write until the daemon is gone. */
  readonly limit?: number;
}

export class RoomWriters {
  /** In the order in which the answers came. */
  readonly acknowledged: Promised[] = [];
  /** When every writer is at its limit or has lost the daemon. Rejects with what should not have happened. */
  readonly ended: Promise<void>;
  readonly #options: WritersOptions;
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  /** They write from now on. */
  constructor(options: WritersOptions) {
    this.#options = options;
    const writers = Array.from({ length: options.count }, (_, index) => this.#write(index));
    this.ended = Promise.all(writers).then(() => undefined);
    // Whoever waits for something else first must not miss that it failed.
    this.ended.catch(() => undefined);
  }

  /** Resolves as soon as so many were acknowledged, while the writing goes on. Rejects when it ended before. */
  async reached(count: number): Promise<void> {
    const reached = new Promise<void>((resolve) => {
      this.#waiting.push({ count, resolve });
    });
    await Promise.race([
      reached,
      this.ended.then(() => {
        throw new Error(`The writers ended after ${this.acknowledged.length} of ${count}.`);
      }),
    ]);
  }

  async #write(writer: number): Promise<void> {
    const { connection, channel, name, limit = Infinity } = this.#options;
    for (let line = 0; line < limit; line += 1) {
      const { text, request } = lineOf(channel, `${name}, writer ${writer}, line ${line}`);
      try {
        this.#note({ text, receipt: await connection.publish(request) });
      } catch (error) {
        if (limit === Infinity && error instanceof AppError && ENDINGS.has(error.code)) return;
        throw error;
      }
    }
  }

  #note(promised: Promised): void {
    this.acknowledged.push(promised);
    for (const { count, resolve } of this.#waiting) if (this.acknowledged.length >= count) resolve();
  }
}
