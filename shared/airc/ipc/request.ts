/** Owns every request a client can send, to bytes and back. */
import { decodeCbor } from '../cbor-decode.ts';
import { CborFields, encodeCbor } from '../cbor-encode.ts';
import { FieldReader, malformed } from '../cbor-fields.ts';
import { uuidToBytes } from '../uuid-bytes.ts';
import type { Entry } from './parts.ts';
import { encodePeer, readPeer, type AddPeerRequest, type RemovePeerRequest } from './peers.ts';
import {
  decodePublish,
  decodeSend,
  encodePublish,
  encodeSend,
  type PublishEventRequest,
  type SendRequest,
} from './publishing.ts';
import {
  decodeAttach,
  decodeInbox,
  encodeAttach,
  encodeInbox,
  type AttachRequest,
  type InboxRequest,
  type RoomTipRequest,
} from './reading.ts';

export type IpcRequest =
  | { readonly op: 'ping' | 'status' | 'list_peers' | 'route_endpoints' | 'stop' }
  | AddPeerRequest
  | RemovePeerRequest
  | SendRequest
  | PublishEventRequest
  | InboxRequest
  | RoomTipRequest
  | AttachRequest;

/** The payload of a frame. */
export function encodeRequest(request: IpcRequest): Uint8Array<ArrayBuffer> {
  return encodeCbor(new CborFields([['op', request.op], ...entriesOf(request)]));
}

function entriesOf(request: IpcRequest): Entry[] {
  switch (request.op) {
    case 'ping':
    case 'status':
    case 'list_peers':
    case 'route_endpoints':
    case 'stop':
      return [];
    case 'add_peer':
      return encodePeer(request);
    case 'remove_peer':
      return [['peer_id', uuidToBytes(request.peerId)]];
    case 'send':
      return encodeSend(request);
    case 'publish':
      return encodePublish(request);
    case 'inbox':
      return encodeInbox(request);
    case 'room_tip':
      return [['channel', uuidToBytes(request.channel)]];
    case 'attach':
      return encodeAttach(request);
  }
}

/** Throws `FrameMalformed`. */
export function decodeRequest(payload: Uint8Array): IpcRequest {
  const fields = new FieldReader(decodeCbor(payload), 'the request');
  const op = fields.text('op');
  switch (op) {
    case 'ping':
    case 'status':
    case 'list_peers':
    case 'route_endpoints':
    case 'stop':
      return { op };
    case 'add_peer':
      return { op, ...readPeer(fields) };
    case 'remove_peer':
      return { op, peerId: fields.uuid('peer_id') };
    case 'send':
      return decodeSend(fields);
    case 'publish':
      return decodePublish(fields);
    case 'inbox':
      return decodeInbox(fields);
    case 'room_tip':
      return { op, channel: fields.uuid('channel') };
    case 'attach':
      return decodeAttach(fields);
    default:
      throw malformed(`there is no request "${op}"`);
  }
}
