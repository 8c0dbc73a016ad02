import { describe, expect, it } from 'vitest';
import { encodeCbor, CborFields, ByteList, type CborValue } from '../cbor-encode.ts';
import { uuidToBytes } from '../uuid-bytes.ts';
import { decodeRequest, encodeRequest } from './request.ts';
import { decodeResponse, encodeResponse, type IpcResponse } from './response.ts';

const ROOM = '5eedf7b1-14b1-5938-b4ea-047c239c8fd4';
const refused = expect.objectContaining({ code: 'FrameMalformed' });
const request = (...entries: [string, CborValue][]): Uint8Array => encodeCbor(new CborFields(entries));
const channel: [string, CborValue] = ['channel', uuidToBytes(ROOM)];
const cursor = new CborFields([
  ['epoch', 1],
  ['counter', 2],
  ['event_id', uuidToBytes(ROOM)],
]);

describe('an attach', () => {
  it('that says nothing but the room is for the whole transcript', () => {
    expect(decodeRequest(request(['op', 'attach'], channel))).toEqual({
      op: 'attach',
      channel: ROOM,
      start: { from: 'beginning' },
      coalesceBacklog: false,
      headers: { kind: 'any' },
    });
  });

  it('from now is so whatever cursor it names', () => {
    const read = decodeRequest(request(['op', 'attach'], channel, ['from', cursor], ['from_now', true]));
    expect(read).toMatchObject({ start: { from: 'now' } });
  });

  it('with an empty list of kinds is another thing than one without', () => {
    expect(decodeRequest(request(['op', 'attach'], channel, ['kinds', []]))).toMatchObject({ kinds: [] });
  });
});

describe('a request', () => {
  it('with text that gains no terminator', () => {
    const send = {
      op: 'send',
      channel: ROOM,
      fromPeer: ROOM,
      fromClient: ROOM,
      text: 'one\ntwo\n',
      headers: new Map(),
    } as const;
    expect(decodeRequest(encodeRequest(send))).toEqual(send);
  });

  it.each<[string, [string, CborValue][]]>([
    ['no op', [channel]],
    ['an op that is no text', [['op', 1]]],
    ['a missing field', [['op', 'room_tip']]],
    [
      'a short UUID',
      [
        ['op', 'room_tip'],
        ['channel', new Uint8Array(15)],
      ],
    ],
    [
      'a UUID that is none',
      [
        ['op', 'room_tip'],
        ['channel', 'general'],
      ],
    ],
    ['a limit below zero', [['op', 'inbox'], channel, ['limit', 'ten']]],
    ['a kind that is none', [['op', 'attach'], channel, ['kinds', ['shout']]]],
    ['an unknown filter', [['op', 'attach'], channel, ['headers', 'none']]],
    [
      'a filter of two variants',
      [
        ['op', 'attach'],
        channel,
        [
          'headers',
          new CborFields([
            ['all', []],
            ['any_of', []],
          ]),
        ],
      ],
    ],
  ])('with %s is refused', (_what, entries) => {
    expect(() => decodeRequest(request(...entries))).toThrow(refused);
  });

  it('with a number above 255 in its payload is refused', () => {
    const sender: [string, CborValue][] = [
      channel,
      ['from_peer', uuidToBytes(ROOM)],
      ['from_client', uuidToBytes(ROOM)],
    ];
    const publish = (payload: CborValue): unknown =>
      decodeRequest(request(['op', 'publish'], ...sender, ['kind', 'message'], ['payload', payload]));
    expect(() => publish([1, 256])).toThrow(refused);
    expect(publish(new ByteList(Uint8Array.of(1, 255)))).toMatchObject({ payload: Uint8Array.of(1, 255) });
  });

  it('keeps header keys in the order of their bytes', () => {
    const headers = new Map([
      ['\u{10000}', '4'],
      ['\uffff', '3'],
      ['b', '2'],
      ['a', '1'],
    ]);
    const send = { op: 'send', channel: ROOM, fromPeer: ROOM, fromClient: ROOM, text: '', headers } as const;
    const read = decodeRequest(encodeRequest(send));
    expect(read.op === 'send' && [...read.headers.values()]).toEqual(['1', '2', '3', '4']);
  });
});

describe('a response', () => {
  it('of a kind from the future is named, not refused', () => {
    expect(decodeResponse(request(['kind', 'weather'], ['sun', true]))).toEqual({
      kind: 'unknown',
      name: 'weather',
    });
  });

  it('of an old daemon has no version and no peers', () => {
    expect(decodeResponse(request(['kind', 'status'], ['peer_id', ROOM], ['uptime_seconds', 3]))).toEqual({
      kind: 'status',
      peerId: ROOM,
      uptimeSeconds: 3,
      connectedLanPeers: 0,
    });
  });

  it('carries all six kinds of endpoint', () => {
    const response: IpcResponse = {
      kind: 'route_endpoints',
      endpoints: [
        { kind: 'lan_tcp', addr: '192.168.1.20:7717' },
        { kind: 'tailscale_tcp', addr: '[fd7a::1]:7717' },
        { kind: 'udp', addr: '192.168.1.20:7718' },
        { kind: 'relay', url: 'wss://relay.example' },
        { kind: 'reticulum', destination: 'abc' },
        { kind: 'web_rtc_signaling', url: 'wss://signal.example' },
      ],
    };
    expect(decodeResponse(encodeResponse(response))).toEqual(response);
  });
});
