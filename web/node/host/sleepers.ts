/** Owns who was put to sleep, and telling whoever works for her: kept over restarts. */
import * as v from 'valibot';
import type { Uuid } from '../../../shared/airc/model.ts';
import type { SettingsStore } from '../storage/stores.ts';
import { createTopic, type Topic } from '../topic.ts';

const KEY = 'asleep';

/** What the host needs of it. */
export interface SleepState {
  has(peerId: Uuid): boolean;
  /** Whoever was put to sleep or woken. */
  readonly changes: Pick<Topic<Uuid>, 'subscribe'>;
}

export class Sleepers implements SleepState {
  readonly changes: Topic<Uuid> = createTopic();
  readonly #settings: SettingsStore;
  readonly #asleep: Set<Uuid>;

  private constructor(settings: SettingsStore, asleep: Set<Uuid>) {
    this.#settings = settings;
    this.#asleep = asleep;
  }

  static async load(settings: SettingsStore): Promise<Sleepers> {
    const row = v.safeParse(v.array(v.string()), await settings.get(KEY));
    return new Sleepers(settings, new Set(row.success ? row.output : []));
  }

  has(peerId: Uuid): boolean {
    return this.#asleep.has(peerId);
  }

  async set(peerId: Uuid, asleep: boolean): Promise<void> {
    if (asleep) this.#asleep.add(peerId);
    else this.#asleep.delete(peerId);
    this.changes.publish(peerId);
    await this.#settings.put(KEY, [...this.#asleep]);
  }
}
