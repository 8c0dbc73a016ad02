import { describe, expect, it } from 'vitest';
import { VECTORS } from '../testing/airc-vectors.ts';
import { fromLamport, toLamport } from './lamport.ts';
import { channelOf, normaliseRoomName, sideChannelOf } from './room.ts';
import { parseUuid } from './uuid-bytes.ts';

describe('a channel', () => {
  it.each(VECTORS.extras.room_ids)('of $channel in the mesh "$mesh" is $room', ({ mesh, channel, room }) => {
    expect(channelOf(mesh, channel)).toBe(room);
  });

  it('of a name that looks like a UUID is another one: names and UUIDs are two worlds', () => {
    const { typed, hashed } = VECTORS.extras.uuid_pitfall;
    expect(channelOf('joelteply', typed)).toBe(hashed);
  });

  it('differs where only the border between mesh and name moves', () => {
    expect(channelOf('ab', 'c')).not.toBe(channelOf('a', 'bc'));
  });
});

describe('a name', () => {
  it.each([
    ['general', 'general'],
    [' ##General ', 'general'],
    ['# dream-world', 'dream-world'],
    ['A_1-b', 'a_1-b'],
  ])('%j is %j', (name, normalised) => {
    expect(normaliseRoomName(name)).toBe(normalised);
  });

  it.each(['', ' # ', 'two words', 'a.b', 'ä', '\u212a'])('%j is none', (name) => {
    expect(normaliseRoomName(name)).toBeUndefined();
  });
});

describe('a side channel', () => {
  const room = channelOf('joelteply', 'general');
  it('follows from the room alone, and differs per room', () => {
    expect(sideChannelOf(room)).toBe(sideChannelOf(room));
    expect(new Set([room, sideChannelOf(room), sideChannelOf(sideChannelOf(room))]).size).toBe(3);
  });

  it('exists for any id that a room can have, also one of no UUID version', () => {
    expect(sideChannelOf('00000000-0000-0000-0000-000000000001')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('a UUID', () => {
  const uuid = '5eedf7b1-14b1-5938-b4ea-047c239c8fd4';
  it.each([uuid, uuid.toUpperCase(), uuid.replaceAll('-', ''), `{${uuid}}`, `urn:uuid:${uuid}`, ` ${uuid} `])(
    'is read from %j',
    (text) => {
      expect(parseUuid(text)).toBe(uuid);
    },
  );
  it.each(['', 'general', uuid.slice(1), `${uuid}0`, '5eedf7b1-14b1-5938-b4ea047c239c8fd4', `{${uuid}`])(
    'is not in %j',
    (text) => {
      expect(parseUuid(text)).toBeUndefined();
    },
  );
});

describe('a lamport number', () => {
  it.each(Object.entries(VECTORS.extras.lamport))('of (%s) is %s', (position, lamport) => {
    const [epoch = 0, counter = 0] = position.split(',').map(Number);
    expect(toLamport({ epoch, counter })).toBe(BigInt(lamport));
    expect(fromLamport(BigInt(lamport))).toEqual({ epoch, counter });
  });

  it('is exact at the ends', () => {
    for (const position of [
      { epoch: 0, counter: 0 },
      { epoch: 2 ** 24 - 1, counter: 2 ** 40 - 1 },
    ]) {
      expect(fromLamport(toLamport(position))).toEqual(position);
    }
  });
});
