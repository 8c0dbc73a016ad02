import { describe, expect, it } from 'vitest';
import { fromHex, toHex, VECTORS } from '../testing/airc-vectors.ts';
import { binaryPayload, chatPayload, chatTextOf, decodeBody, encodeBody, parseBody } from './body.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a body', () => {
  it('of chat is the same bytes as airc makes', () => {
    expect(toHex(chatPayload('hello'))).toBe(VECTORS.extras.chat_payload_hex);
  });

  it('of bytes is the same bytes as airc makes', () => {
    expect(toHex(binaryPayload(Uint8Array.of(0xde, 0xad, 0xbe, 0xef)))).toBe(VECTORS.extras.binary_payload);
    expect(parseBody(fromHex(VECTORS.extras.binary_payload))).toEqual({
      kind: 'binary',
      bytes: Uint8Array.of(0xde, 0xad, 0xbe, 0xef),
    });
  });

  it('says its text in both forms', () => {
    const textOf = (text: string): string | undefined => {
      const body = parseBody(bytes(text));
      return body && chatTextOf(body);
    };
    expect(textOf('{"kind":"json","value":{"text":"hi"}}')).toBe('hi');
    expect(textOf('{"kind":"json","value":"hi"}')).toBe('hi');
    expect(textOf('{"kind":"json","value":{"text":1}}')).toBeUndefined();
    expect(textOf('{"kind":"binary","value":[104,105]}')).toBeUndefined();
  });

  it.each([
    '',
    'raw not body',
    '{"kind":"json"',
    '[]',
    '{"text":"hi"}',
    '{"kind":"binary","value":[256]}',
    '{"kind":"xml"}',
  ])('is not in %j', (text) => {
    expect(parseBody(bytes(text))).toBeUndefined();
  });
});

describe('over the bridge', () => {
  it.each([
    ['{"kind":"json","value":{"text":"hi"}}', { kind: 'text', text: 'hi' }],
    ['{"kind":"json","value":"hi"}', { kind: 'text', text: 'hi' }],
    ['{"kind":"json","value":{"text":"hi","mood":1}}', { kind: 'json', json: '{"text":"hi","mood":1}' }],
    ['{"kind":"json","value":null}', { kind: 'json', json: 'null' }],
    ['{"kind":"binary","value":[1]}', { kind: 'opaque', sizeBytes: 29 }],
    ['raw', { kind: 'opaque', sizeBytes: 3 }],
    ['{"kind":"json"}', { kind: 'opaque', sizeBytes: 15 }],
  ])('%s', (text, body) => {
    expect(decodeBody(bytes(text))).toEqual(body);
  });

  it('never throws, however deep the JSON is', () => {
    const deep = `{"kind":"json","value":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    expect(decodeBody(bytes(deep)).kind).toMatch(/opaque|json/);
  });

  it('comes back as it went', () => {
    expect(decodeBody(encodeBody({ kind: 'text', text: 'a\n"b"' }))).toEqual({
      kind: 'text',
      text: 'a\n"b"',
    });
    expect(decodeBody(encodeBody({ kind: 'json', json: '{"a":[1]}' }))).toEqual({
      kind: 'json',
      json: '{"a":[1]}',
    });
  });

  it('refuses json that is none', () => {
    expect(() => encodeBody({ kind: 'json', json: '{' })).toThrow(
      expect.objectContaining({ code: 'ProtocolViolation' }),
    );
  });
});
