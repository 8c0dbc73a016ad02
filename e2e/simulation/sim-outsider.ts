/** Owns another client of the daemon: plain airc, no headers, tries once and knows only what it was told. */
import type { AircConnection } from '../../shared/airc/connection.ts';
import type { VirtualClock } from '../../shared/testing/virtual-clock.ts';
import type { SimDaemon } from './sim-daemon.ts';
import { SimProcess } from './sim-process.ts';

const OUTSIDER = '0d7e5c52-6c0c-4c89-8d8b-3a3b6c1f0e01';

export class SimOutsider {
  readonly #connection: AircConnection;
  readonly #channel: string;

  constructor(daemon: SimDaemon, clock: VirtualClock, channel: string) {
    this.#connection = daemon.connect(new SimProcess(clock));
    this.#channel = channel;
  }

  say(text: string): void {
    this.#connection
      .send({ channel: this.#channel, fromPeer: OUTSIDER, fromClient: OUTSIDER, text })
      .catch((_daemonGone: unknown) => undefined);
  }
}
