/** Owns everything a daemon can answer or stream, to bytes and back. */
import { decodeCbor } from '../cbor-decode.ts';
import { ByteList, CborFields, encodeCbor } from '../cbor-encode.ts';
import { FieldReader } from '../cbor-fields.ts';
import { cursorValue, type Entry } from './parts.ts';
import {
  decodePeers,
  decodeRouteEndpoints,
  decodeStatus,
  encodePeers,
  encodeRouteEndpoints,
  encodeStatus,
  type PeersResponse,
  type RouteEndpointsResponse,
  type StatusResponse,
} from './peers.ts';
import { decodeReceipt, encodeReceipt, type PublishResponse } from './publishing.ts';
import {
  decodeAdvanced,
  decodeInboxPage,
  decodeRoomTip,
  encodeAdvanced,
  encodeInboxPage,
  type AttachCursorAdvancedResponse,
  type EventResponse,
  type InboxResponse,
  type RoomTipResponse,
} from './reading.ts';

export interface ErrorResponse {
  readonly kind: 'error';
  readonly message: string;
}

export type IpcResponse =
  | { readonly kind: 'pong' | 'ok' }
  | StatusResponse
  | InboxResponse
  | RoomTipResponse
  | EventResponse
  | AttachCursorAdvancedResponse
  | PublishResponse
  | PeersResponse
  | RouteEndpointsResponse
  | ErrorResponse;

/** A kind that later daemons may know: a reader of a stream passes it over. */
export interface UnknownResponse {
  readonly kind: 'unknown';
  readonly name: string;
}

/** The payload of a frame. */
export function encodeResponse(response: IpcResponse): Uint8Array<ArrayBuffer> {
  return encodeCbor(new CborFields([['kind', response.kind], ...entriesOf(response)]));
}

function entriesOf(response: IpcResponse): Entry[] {
  switch (response.kind) {
    case 'pong':
    case 'ok':
      return [];
    case 'status':
      return encodeStatus(response);
    case 'inbox':
      return encodeInboxPage(response);
    case 'room_tip':
      return [['tip', response.tip && cursorValue(response.tip)]];
    case 'event':
      return [['envelope', new ByteList(response.envelope)]];
    case 'attach_cursor_advanced':
      return encodeAdvanced(response);
    case 'publish':
      return encodeReceipt(response);
    case 'peers':
      return encodePeers(response);
    case 'route_endpoints':
      return encodeRouteEndpoints(response);
    case 'error':
      return [['message', response.message]];
  }
}

/** Envelopes stay bytes (envelope-decode.ts). Throws `FrameMalformed`. */
export function decodeResponse(payload: Uint8Array): IpcResponse | UnknownResponse {
  const fields = new FieldReader(decodeCbor(payload), 'the response');
  const kind = fields.text('kind');
  switch (kind) {
    case 'pong':
    case 'ok':
      return { kind };
    case 'status':
      return decodeStatus(fields);
    case 'inbox':
      return decodeInboxPage(fields);
    case 'room_tip':
      return decodeRoomTip(fields);
    case 'event':
      return { kind, envelope: fields.blob('envelope') };
    case 'attach_cursor_advanced':
      return decodeAdvanced(fields);
    case 'publish':
      return decodeReceipt(fields);
    case 'peers':
      return decodePeers(fields);
    case 'route_endpoints':
      return decodeRouteEndpoints(fields);
    case 'error':
      return { kind, message: fields.text('message') };
    default:
      return { kind: 'unknown', name: kind };
  }
}
