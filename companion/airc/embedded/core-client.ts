/** Owns talking to a core in the same process, without a socket: for the simulation, and for the suite that daemons pass. */
import { chatPayload } from '../../../shared/airc/body.ts';
import type { DaemonClient } from '../../../shared/airc/daemon-client.ts';
import { toBase64Url } from '../../../shared/base64url.ts';
import { AppError } from '../../../shared/errors.ts';
import { IPC_PROTOCOL_VERSION } from '../ipc-version.ts';
import { eventsOf } from '../stream-items.ts';
import type { DaemonCore } from './core.ts';

/** Calls answer in microtasks; what takes longer in the product is the caller's to add. */
export function coreClient(core: DaemonCore): DaemonClient {
  const answer = async <T>(work: () => T | Promise<T>, signal?: AbortSignal): Promise<T> => {
    signal?.throwIfAborted();
    return work();
  };
  const stream: DaemonClient['stream'] = (query, signal) =>
    answer(() => {
      const subscription = core.subscribe(query);
      const onAbort = (): void => {
        subscription.close();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      return endingWith(subscription.items(), () => {
        signal.removeEventListener('abort', onAbort);
      });
    }, signal);
  return {
    ping: (signal) => answer(() => undefined, signal),
    status: (signal) =>
      answer(
        () => ({
          peerId: core.peerId,
          uptimeSeconds: core.uptimeSeconds,
          ipcProtocolVersion: IPC_PROTOCOL_VERSION,
        }),
        signal,
      ),
    addPeer: (peerId, publicKey, signal) =>
      answer(() => {
        if (publicKey.length !== 32) {
          throw new AppError('DaemonRefused', `add_peer: pubkey is ${publicKey.length} bytes, expected 32`);
        }
        core.addPeer({ peerId, publicKey: toBase64Url(publicKey) });
      }, signal),
    removePeer: (peerId, signal) => answer(() => core.removePeer(peerId), signal),
    listPeers: (signal) => answer(() => core.peers, signal),
    routeEndpoints: (signal) => answer(() => [], signal),
    send: ({ text, headers = new Map(), ...message }, signal) =>
      answer(
        () =>
          core.publish({
            ...message,
            headers,
            kind: 'message',
            delivery: 'durable',
            payload: chatPayload(text),
          }),
        signal,
      ),
    publish: (request, signal) => answer(() => core.publish(request), signal),
    inbox: (query, signal) => answer(() => core.inbox(query), signal),
    roomTip: (channel, signal) => answer(() => core.roomTip(channel), signal),
    attach: async (query, signal) => eventsOf(await stream(query, signal)),
    stream,
    stop: (signal) => answer(() => core.close(), signal),
  };
}

async function* endingWith<T>(items: AsyncIterable<T>, onEnd: () => void): AsyncGenerator<T> {
  try {
    yield* items;
  } finally {
    onEnd();
  }
}
