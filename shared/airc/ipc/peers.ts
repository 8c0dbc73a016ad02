/** Owns the requests about the daemon itself: its status, the keys of peers, the endpoints of its routes. */
import { CborFields } from '../cbor-encode.ts';
import type { CborItem } from '../cbor-decode.ts';
import { FieldReader, textOf, uintOf } from '../cbor-fields.ts';
import type { Uuid } from '../model.ts';
import { uuidToBytes } from '../uuid-bytes.ts';
import type { Entry } from './parts.ts';

export interface AddPeerRequest {
  readonly op: 'add_peer';
  readonly peerId: Uuid;
  /** Raw Ed25519 key as base64url without padding, unchecked. */
  readonly publicKey: string;
}

export interface RemovePeerRequest {
  readonly op: 'remove_peer';
  readonly peerId: Uuid;
}

export interface StatusResponse {
  readonly kind: 'status';
  /** Text: the one id that is not sent as bytes. Of the scope that started the daemon. */
  readonly peerId: string;
  readonly uptimeSeconds: number;
  /** Absent from old daemons, like the build fields. */
  readonly ipcProtocolVersion?: number;
  readonly buildCommit?: string;
  readonly buildBranch?: string;
  readonly executable?: string;
  readonly connectedLanPeers: number;
}

export interface Peer {
  readonly peerId: Uuid;
  readonly publicKey: string;
}

export interface PeersResponse {
  readonly kind: 'peers';
  readonly peers: readonly Peer[];
}

export type RouteEndpoint =
  | { readonly kind: 'lan_tcp' | 'tailscale_tcp' | 'udp'; readonly addr: string }
  | { readonly kind: 'relay' | 'web_rtc_signaling'; readonly url: string }
  | { readonly kind: 'reticulum'; readonly destination: string };

export interface RouteEndpointsResponse {
  readonly kind: 'route_endpoints';
  readonly endpoints: readonly RouteEndpoint[];
}

export function encodeStatus(status: StatusResponse): Entry[] {
  return [
    ['peer_id', status.peerId],
    ['uptime_seconds', status.uptimeSeconds],
    ['ipc_protocol_version', status.ipcProtocolVersion],
    ['build_commit', status.buildCommit],
    ['build_branch', status.buildBranch],
    ['executable', status.executable],
    ['connected_lan_peers', status.connectedLanPeers],
  ];
}

export function decodeStatus(fields: FieldReader): StatusResponse {
  const ipcProtocolVersion = fields.optional('ipc_protocol_version', uintOf);
  const buildCommit = fields.optional('build_commit', textOf);
  const buildBranch = fields.optional('build_branch', textOf);
  const executable = fields.optional('executable', textOf);
  return {
    kind: 'status',
    peerId: fields.text('peer_id'),
    uptimeSeconds: fields.uint('uptime_seconds'),
    ...(ipcProtocolVersion === undefined ? {} : { ipcProtocolVersion }),
    ...(buildCommit === undefined ? {} : { buildCommit }),
    ...(buildBranch === undefined ? {} : { buildBranch }),
    ...(executable === undefined ? {} : { executable }),
    connectedLanPeers: fields.or('connected_lan_peers', 0, uintOf),
  };
}

export function encodePeer({ peerId, publicKey }: Peer): Entry[] {
  return [
    ['peer_id', uuidToBytes(peerId)],
    ['pubkey_b64', publicKey],
  ];
}

export function readPeer(fields: FieldReader): Peer {
  return { peerId: fields.uuid('peer_id'), publicKey: fields.text('pubkey_b64') };
}

export function encodePeers({ peers }: PeersResponse): Entry[] {
  return [['peers', peers.map((peer) => new CborFields(encodePeer(peer)))]];
}

export function decodePeers(fields: FieldReader): PeersResponse {
  return {
    kind: 'peers',
    peers: fields.list('peers', (item, name) => readPeer(new FieldReader(item, name))),
  };
}

export function encodeRouteEndpoints({ endpoints }: RouteEndpointsResponse): Entry[] {
  return [['endpoints', endpoints.map((endpoint) => new CborFields(Object.entries(endpoint)))]];
}

export function decodeRouteEndpoints(fields: FieldReader): RouteEndpointsResponse {
  return { kind: 'route_endpoints', endpoints: fields.list('endpoints', readEndpoint) };
}

const ENDPOINT_KINDS = [
  'lan_tcp',
  'tailscale_tcp',
  'udp',
  'relay',
  'web_rtc_signaling',
  'reticulum',
] as const;

function readEndpoint(item: CborItem, name: string): RouteEndpoint {
  const fields = new FieldReader(item, name);
  const kind = fields.word('kind', ENDPOINT_KINDS);
  switch (kind) {
    case 'lan_tcp':
    case 'tailscale_tcp':
    case 'udp':
      return { kind, addr: fields.text('addr') };
    case 'relay':
    case 'web_rtc_signaling':
      return { kind, url: fields.text('url') };
    case 'reticulum':
      return { kind, destination: fields.text('destination') };
  }
}
