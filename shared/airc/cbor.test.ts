import { encode } from 'cborg';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../testing/airc-vectors.ts';
import { decodeCbor } from './cbor-decode.ts';
import { ByteList, CborFields, encodeCbor } from './cbor-encode.ts';

const refused = expect.objectContaining({ code: 'FrameMalformed' });

describe('encodeCbor', () => {
  it.each([0, 23, 24, 255, 256, 65_535, 65_536, 70_000])('writes a list of %i bytes as integers', (count) => {
    const bytes = Uint8Array.from({ length: count }, (_, index) => index % 256);
    expect(toHex(encodeCbor(new ByteList(bytes)))).toBe(toHex(encode(Array.from(bytes))));
  });

  it('writes bytes by themselves as a byte string, and entries in the order given', () => {
    const fields = new CborFields([
      ['b', 1],
      ['absent', undefined],
      ['a', Uint8Array.of(7)],
      ['list', ['x', true, [2 ** 40]]],
    ]);
    expect(toHex(encodeCbor(fields))).toBe(
      'a361620161614107646c6973748361 78f5811b0000010000000000'.replace(' ', ''),
    );
  });
});

describe('decodeCbor', () => {
  it('reads back what is written', () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, index) => index % 256);
    const item = decodeCbor(encodeCbor(new CborFields([['payload', new ByteList(bytes)]])));
    expect(item).toEqual(new Map([['payload', new ByteList(bytes)]]));
  });

  it('reads lists of other things, and integers of other widths, as lists', () => {
    expect(decodeCbor(fromHex('8201190100'))).toEqual([1, 256]);
    expect(decodeCbor(fromHex('82190001617a'))).toEqual([1, 'z']);
    expect(decodeCbor(fromHex('80'))).toEqual([]);
    expect(decodeCbor(fromHex('9f0102ff'))).toEqual([1, 2]);
    expect(decodeCbor(fromHex('821818 1818'.replace(' ', '')))).toEqual(new ByteList(Uint8Array.of(24, 24)));
  });

  it('takes a view into a bigger buffer for what it is', () => {
    const bytes = fromHex('ffff8301020aff');
    expect(decodeCbor(bytes.subarray(2, 6))).toEqual(new ByteList(Uint8Array.of(1, 2, 10)));
  });

  it('ignores what follows the item', () => {
    expect(decodeCbor(fromHex('01ff'))).toBe(1);
  });

  it.each([
    ['nothing', ''],
    ['a tag', 'd82550' + '00'.repeat(16)],
    ['a float', 'f95240'],
    ['a float inside', '81fa42480000'],
    ['a repeated key', 'a2616101616102'],
    ['broken UTF-8', '62c328'],
    ['broken long UTF-8', '7828' + 'ff'.repeat(40)],
    ['a list cut short', '8301'],
    ['a list longer than the frame', '9affffffff01'],
    ['a list of 2^63', '9b7fffffffffffffff00'],
    ['text longer than the frame', '7affffffff61'],
    ['bytes longer than the frame', '5b00000000ffffffff00'],
    ['a break of nothing', 'ff'],
    ['a reserved head', '1c'],
    ['a list head without its length', '99'],
  ])('refuses %s', (_what, hex) => {
    expect(() => decodeCbor(fromHex(hex))).toThrow(refused);
  });

  it('takes a replacement character that was really sent', () => {
    expect(decodeCbor(fromHex('63efbfbd'))).toBe('\ufffd');
  });

  it('refuses deep nesting before the stack does', () => {
    expect(() => decodeCbor(new Uint8Array(1_000_000).fill(0x81))).toThrow(refused);
    expect(() => decodeCbor(new Uint8Array(1_000_000).fill(0x9f))).toThrow(refused);
    expect(decodeCbor(fromHex('81'.repeat(60) + '01'))).toBeDefined();
  });

  it('keeps a key that names the prototype a key', () => {
    const item = decodeCbor(encode(new Map([['__proto__', 'x']])));
    expect(item).toEqual(new Map([['__proto__', 'x']]));
  });

  it('reads a full frame of bytes at once', () => {
    const payload = new Uint8Array(7 * 1024 * 1024).fill(200);
    const frame = encodeCbor(new CborFields([['payload', new ByteList(payload)]]));
    const startedMs = performance.now();
    decodeCbor(frame);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});
