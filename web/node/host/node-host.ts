/** Owns the persona host of one tab: connected to the companion, at home in its room, from start to orderly end. */
import { AppError, toAppError } from '../../../shared/errors.ts';
import { nextOf } from '../abortable.ts';
import { BridgeClient } from '../bridge/bridge-client.ts';
import type { BridgeSession } from '../bridge/bridge-session.ts';
import type { SessionKey } from '../bridge/session-key.ts';
import type { NodeHostDeps } from './host-deps.ts';
import { Residence } from './residence.ts';

export class NodeHost {
  readonly client: BridgeClient;
  readonly #deps: NodeHostDeps;
  #residence: Residence | undefined;

  constructor(deps: NodeHostDeps) {
    this.#deps = deps;
    this.client = new BridgeClient(deps);
    this.client.states.subscribe((state) => {
      deps.sink.connection(state);
      if (state.kind === 'ready') state.session.daemonStates.subscribe((daemon) => deps.sink.daemon(daemon));
    });
  }

  /** Undefined until the companion has said which room. */
  get residence(): Residence | undefined {
    return this.#residence;
  }

  /**
   * Runs until the signal aborts or the companion refuses this browser for good; resolves after the orderly end of
   * everything it started.
   */
  async run(key: SessionKey, signal: AbortSignal): Promise<void> {
    const end = new AbortController();
    const inner = AbortSignal.any([signal, end.signal]);
    // The connection outlives the residence: what the citizens say on leaving goes through it.
    const connection = new AbortController();
    const connected = this.client.run(key, connection.signal).finally(() => {
      end.abort(new AppError('BridgeDown', 'The companion refuses this browser.'));
    });
    try {
      await this.#live(inner);
    } finally {
      await this.#residence?.close();
      this.#residence = undefined;
      connection.abort(new AppError('BridgeDown', 'This page closed the connection.'));
      await connected;
    }
  }

  async #live(signal: AbortSignal): Promise<void> {
    const { sink } = this.#deps;
    while (!signal.aborted) {
      try {
        const session = await this.client.whenReady(signal);
        await this.#moveIn(session, signal);
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toAppError(thrown);
        sink.trouble(error);
        await this.#deps.clock.sleep(2_000, signal).catch((_aborted: unknown) => undefined);
      }
    }
  }

  /** Lives in the session's room until a later session names another one. */
  async #moveIn(session: BridgeSession, signal: AbortSignal): Promise<void> {
    const [room] = session.ready.rooms;
    if (!room) throw new AppError('RoomUnresolved', 'The companion named no room.');
    const human = await this.#deps.identities.human();
    const residence = new Residence(room, human, this.client, this.#deps);
    this.#residence = residence;
    await residence.boot();
    await nextOf(
      this.client.states,
      (state) =>
        state.kind === 'ready' && state.session.ready.rooms[0]?.channel !== room.channel ? true : undefined,
      signal,
    );
    await residence.close();
    this.#residence = undefined;
  }
}
