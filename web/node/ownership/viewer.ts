/** Owns showing the owner tab's node in this one: its view in, this page's commands out. */
import type { Clock } from '../../../shared/clock.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ViewPublisher, ViewUpdate } from '../view/view-publisher.ts';
import { troubleOf } from '../view/trouble.ts';
import { AT_WORK_EVERY_MS } from './answer-command.ts';
import type { ForwardedCommand, ForwardedResult, TabChannel } from './tab-channel.ts';

/** Of silence: an owner that works on a command says so. */
const ANSWER_WITHIN_MS = 3 * AT_WORK_EVERY_MS;

interface Waiting {
  settle(result: ForwardedResult): void;
  /** Of the timer that gives up. */
  cancel(): void;
}

export class Viewer {
  readonly #channel: TabChannel;
  readonly #publisher: ViewPublisher;
  readonly #clock: Clock;
  readonly #tabId: string;
  readonly #waiting = new Map<number, Waiting>();
  #seq: number | undefined;
  #lastId = 0;

  constructor(tabId: string, channel: TabChannel, publisher: ViewPublisher, clock: Clock) {
    this.#tabId = tabId;
    this.#channel = channel;
    this.#publisher = publisher;
    this.#clock = clock;
  }

  start(): void {
    this.#seq = undefined;
    this.#publisher.change({ tab: 'viewer' });
    this.#channel.post({ kind: 'snapshot-wanted' });
  }

  onUpdate(update: ViewUpdate): void {
    if (update.kind === 'snapshot') {
      const { seq, ...fields } = update.view;
      this.#seq = seq;
      this.#publisher.change({ ...fields, tab: 'viewer' });
      return;
    }
    const { seq, ...fields } = update.patch;
    if (this.#seq === undefined || seq !== this.#seq + 1) {
      // One was missed, or this tab came in the middle: from the beginning.
      this.#seq = undefined;
      this.#channel.post({ kind: 'snapshot-wanted' });
      return;
    }
    this.#seq = seq;
    this.#publisher.change({ ...fields, tab: 'viewer' });
  }

  /** Settles always: an owner that does not answer is a refusal. */
  forward(name: ForwardedCommand, args: readonly unknown[]): Promise<ForwardedResult> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, { settle: resolve, cancel: this.#giveUpLater(id) });
      this.#channel.post({ kind: 'command', from: this.#tabId, id, name, args });
    });
  }

  onResult(to: string, id: number, result: ForwardedResult): void {
    if (to === this.#tabId) this.#settle(id, result);
  }

  onAtWork(to: string, id: number): void {
    const waiting = to === this.#tabId ? this.#waiting.get(id) : undefined;
    if (!waiting) return;
    waiting.cancel();
    waiting.cancel = this.#giveUpLater(id);
  }

  #giveUpLater(id: number): () => void {
    return this.#clock.after(ANSWER_WITHIN_MS, () => {
      const error = new AppError('OwnerElsewhere', 'The tab that runs the node does not answer.');
      this.#settle(id, { ok: false, trouble: troubleOf(error, this.#clock) });
    });
  }

  #settle(id: number, result: ForwardedResult): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.cancel();
    waiting?.settle(result);
  }
}
