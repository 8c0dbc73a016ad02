/** Owns what the embedded daemon answers to every request but `attach`, which goes on after its answer. */
import { chatPayload } from '../../../shared/airc/body.ts';
import type { PublishRequest } from '../../../shared/airc/connection.ts';
import type { PublishEventRequest, SendRequest } from '../../../shared/airc/ipc/publishing.ts';
import type { AddPeerRequest } from '../../../shared/airc/ipc/peers.ts';
import type { InboxRequest } from '../../../shared/airc/ipc/reading.ts';
import type { IpcRequest } from '../../../shared/airc/ipc/request.ts';
import type { IpcResponse } from '../../../shared/airc/ipc/response.ts';
import { fromBase64Url } from '../../../shared/base64url.ts';
import { IPC_PROTOCOL_VERSION } from '../ipc-version.ts';
import { DEFAULT_INBOX_LIMIT, type DaemonCore } from './core.ts';
import { envelopeOf } from './envelopes.ts';

const PUBLIC_KEY_BYTES = 32;

export type SimpleRequest = Exclude<IpcRequest, { op: 'attach' }>;

/** Rejects with what the core throws; a request the daemon itself finds wanting is answered with an `error`. */
export async function respond(request: SimpleRequest, core: DaemonCore): Promise<IpcResponse> {
  switch (request.op) {
    case 'ping':
      return { kind: 'pong' };
    case 'status':
      return {
        kind: 'status',
        peerId: core.peerId,
        uptimeSeconds: core.uptimeSeconds,
        ipcProtocolVersion: IPC_PROTOCOL_VERSION,
        connectedLanPeers: 0,
      };
    case 'add_peer':
      return addPeer(request, core);
    case 'remove_peer':
      core.removePeer(request.peerId);
      return { kind: 'ok' };
    case 'list_peers':
      return { kind: 'peers', peers: core.peers };
    case 'route_endpoints':
      return { kind: 'route_endpoints', endpoints: [] };
    case 'send':
      return publish(chatOf(request), core);
    case 'publish':
      return publish(request, core);
    case 'inbox':
      return inbox(request, core);
    case 'room_tip': {
      const tip = core.roomTip(request.channel);
      return { kind: 'room_tip', ...(tip === undefined ? {} : { tip }) };
    }
    case 'stop':
      return { kind: 'ok' };
  }
}

function addPeer({ peerId, publicKey }: AddPeerRequest, core: DaemonCore): IpcResponse {
  const bytes = fromBase64Url(publicKey);
  if (bytes === undefined) return { kind: 'error', message: 'add_peer: base64 decode: invalid text' };
  if (bytes.length !== PUBLIC_KEY_BYTES) {
    return {
      kind: 'error',
      message: `add_peer: pubkey is ${bytes.length} bytes, expected ${PUBLIC_KEY_BYTES}`,
    };
  }
  core.addPeer({ peerId, publicKey });
  return { kind: 'ok' };
}

async function publish(
  request: PublishRequest | PublishEventRequest,
  core: DaemonCore,
): Promise<IpcResponse> {
  const { channel, fromPeer, fromClient, kind, delivery, target, headers, payload } = request;
  const { correlationId, coalesceKey } = request;
  // Field by field: the request's own tag must not become one of the event.
  const receipt = await core.publish({
    channel,
    fromPeer,
    fromClient,
    kind,
    delivery,
    headers,
    payload,
    ...(target === undefined ? {} : { target }),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(coalesceKey === undefined ? {} : { coalesceKey }),
  });
  return { kind: 'publish', ...receipt, channelId: channel };
}

function chatOf({ channel, fromPeer, fromClient, text, headers }: SendRequest): PublishRequest {
  const payload = chatPayload(text);
  return { channel, fromPeer, fromClient, headers, payload, kind: 'message', delivery: 'durable' };
}

function inbox({ channel, since, limit = DEFAULT_INBOX_LIMIT }: InboxRequest, core: DaemonCore): IpcResponse {
  if (channel === undefined) {
    return { kind: 'error', message: 'inbox requires a channel in the owner-core model' };
  }
  const page = core.inbox({ channel, limit, ...(since === undefined ? {} : { since }) });
  return {
    kind: 'inbox',
    envelopes: page.events.map(envelopeOf),
    ...(page.newest === undefined ? {} : { newest: page.newest }),
  };
}
