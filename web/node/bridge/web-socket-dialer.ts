/** Owns the WebSocket under the bridge: the browser's sockets as {@link Link}. */
import { AppError } from '../../../shared/errors.ts';
import { PATHS } from '../../../shared/bridge/protocol.ts';
import type { Link, LinkDialer } from '../../../shared/bridge/link.ts';

/**
 * Dials `origin`'s bridge. From the second dial on it first asks whether anybody answers there at all: Chrome holds
 * new WebSockets back for 1 to 5 s after a handful of failed ones, but never a fetch.
 */
export function createWebSocketDialer(origin: string, fetchImpl: typeof fetch): LinkDialer {
  let dialled = false;
  return {
    origin,
    dial: async (signal) => {
      if (dialled) await probe(origin, fetchImpl, signal);
      dialled = true;
      return openSocket(`${origin.replace(/^http/, 'ws')}${PATHS.socket}`, signal);
    },
  };
}

async function probe(origin: string, fetchImpl: typeof fetch, signal: AbortSignal): Promise<void> {
  try {
    const answer = await fetchImpl(`${origin}/`, { method: 'HEAD', cache: 'no-store', signal });
    await answer.body?.cancel();
  } catch (error) {
    signal.throwIfAborted();
    throw new AppError('BridgeDown', 'The companion does not answer.', { cause: error });
  }
}

function openSocket(url: string, signal: AbortSignal): Promise<Link> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = new WebSocket(url);
    const link = linkOf(socket);
    const onAbort = (): void => {
      socket.close();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.addEventListener('open', () => {
      signal.removeEventListener('abort', onAbort);
      resolve(link);
    });
    socket.addEventListener('close', () => {
      signal.removeEventListener('abort', onAbort);
      reject(new AppError('BridgeDown', 'The companion does not answer.'));
    });
  });
}

function linkOf(socket: WebSocket): Link {
  // What arrives before the caller has set its handler is kept: the companion speaks first.
  let early: string[] | undefined = [];
  let onMessage: (text: string) => void = (text) => early?.push(text);
  const link: Link = {
    send: (text) => {
      socket.send(text);
    },
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    close: (code, reason) => {
      socket.close(code, reason);
    },
    get onMessage() {
      return onMessage;
    },
    set onMessage(handler) {
      onMessage = handler;
      const kept = early ?? [];
      early = undefined;
      for (const text of kept) handler(text);
    },
    onClose: () => undefined,
  };
  socket.addEventListener('message', (event: MessageEvent<unknown>) => {
    // The companion sends text only; anything else cannot be parsed and is refused as such.
    link.onMessage(typeof event.data === 'string' ? event.data : '');
  });
  socket.addEventListener('close', (event) => {
    link.onClose(event.code, event.reason);
  });
  return link;
}
