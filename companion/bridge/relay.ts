/**
 * Owns the bridge between authenticated pages and the daemon. It knows links, interfaces and a clock, no sockets and no
 * files, so that the simulation runs the very same relay.
 */
import type { Link } from '../../shared/bridge/link.ts';
import { CLOSE } from '../../shared/bridge/limits.ts';
import type { DaemonInfo } from '../../shared/bridge/messages.ts';
import { DaemonWatch } from './daemon-watch.ts';
import type { RelayDeps, RelaySessionInfo } from './relay-deps.ts';
import { RelaySocket } from './relay-socket.ts';

export class Relay {
  readonly #deps: RelayDeps;
  readonly #daemon: DaemonWatch;
  readonly #sockets = new Set<RelaySocket>();

  constructor(deps: RelayDeps) {
    this.#deps = deps;
    this.#daemon = new DaemonWatch(deps);
    deps.signal.addEventListener(
      'abort',
      () => {
        for (const socket of this.#sockets) socket.close(CLOSE.shutdown, 'shutdown');
      },
      { once: true },
    );
  }

  /** Takes an authenticated link over until it ends. Sets its handlers and sends `ready` before it returns. */
  accept(link: Link, info: RelaySessionInfo): void {
    const socket = new RelaySocket(link, info, this.#deps, this.#daemon, (ended) => {
      this.#sockets.delete(ended);
    });
    if (this.#deps.signal.aborted) socket.close(CLOSE.shutdown, 'shutdown');
    else this.#sockets.add(socket);
  }

  get daemon(): DaemonInfo {
    return this.#daemon.info;
  }

  /** One entry per open socket: which browser profile, and the peers it speaks as. */
  connections(): readonly { readonly sessionId: string; readonly peers: readonly string[] }[] {
    return [...this.#sockets].map((socket) => ({
      sessionId: socket.sessionId,
      peers: this.#deps.leases.heldBy(socket),
    }));
  }
}
