import { describe, expect, it } from 'vitest';
import { envelopeForm, fromHex, payloadOf, toHex, VECTORS, wireForm } from '../testing/airc-vectors.ts';
import { decodeEnvelope } from './envelope-decode.ts';
import { encodeEnvelope } from './envelope-encode.ts';
import { decodeRequest, encodeRequest } from './ipc/request.ts';
import { decodeResponse, encodeResponse } from './ipc/response.ts';

describe('frames recorded between the real command line and the real daemon', () => {
  it('are there', () => {
    expect(VECTORS.recorded).toHaveLength(45);
  });

  for (const [index, frame] of VECTORS.recorded.entries()) {
    it(`${index}: ${frame.dir} ${frame.name}`, () => {
      const payload = payloadOf(frame.frame_hex);
      expect(new DataView(fromHex(frame.frame_hex).buffer).getUint32(0)).toBe(payload.length);
      if (frame.dir === 'request') {
        const request = decodeRequest(payload);
        expect(wireForm(request)).toEqual(frame.decoded);
        expect(toHex(encodeRequest(request))).toBe(toHex(payload));
        return;
      }
      const response = decodeResponse(payload);
      if (response.kind === 'unknown') throw new Error(`unknown ${response.name}`);
      expect(wireForm(response)).toEqual(frame.decoded);
      expect(toHex(encodeResponse(response))).toBe(toHex(payload));
      const envelopes = response.kind === 'event' ? [response.envelope] : [];
      if (response.kind === 'inbox') envelopes.push(...response.envelopes);
      const beside = frame.envelope_values ?? (frame.envelope === undefined ? [] : [frame.envelope]);
      const events = envelopes.map((envelope) => decodeEnvelope(envelope));
      expect(events.map(envelopeForm)).toEqual(beside);
      // By another writer the bytes differ; what they say does not.
      expect(events.map((event) => decodeEnvelope(encodeEnvelope(event)))).toEqual(events);
    });
  }
});

/** What the rules above make of frames that were computed by hand and sent to the real daemon. */
describe('frames made by hand', () => {
  const made = VECTORS.vectors.filter((vector) => vector.frame_hex !== undefined);

  for (const { name, frame_hex: hex = '' } of made.filter((vector) => vector.dir === 'req')) {
    it(`request ${name}`, () => {
      const payload = payloadOf(hex);
      const request = decodeRequest(payload);
      // The one that leaves out what has a default is written out in full by us.
      if (!name.includes('defaults omitted')) expect(toHex(encodeRequest(request))).toBe(toHex(payload));
      else expect(decodeRequest(encodeRequest(request))).toEqual(request);
    });
  }

  for (const { name, frame_hex: hex = '' } of made.filter((vector) => vector.dir === 'resp')) {
    it(`response ${name}`, () => {
      const payload = payloadOf(hex);
      const response = decodeResponse(payload);
      if (response.kind === 'unknown') throw new Error(`unknown ${response.name}`);
      expect(toHex(encodeResponse(response))).toBe(toHex(payload));
    });
  }

  /** ["ping"] is taken by the daemon by an accident of its decoder; the rest is decided alike. */
  const accidental = 'T12';
  for (const { name, frame_hex: hex = '', answer } of made.filter((vector) => vector.dir === 'probe')) {
    const isRefused = answer?.kind === 'error' || name.startsWith(accidental);
    it(`${isRefused ? 'refuses' : 'takes'} ${name}`, () => {
      const read = (): unknown => decodeRequest(payloadOf(hex));
      if (isRefused) expect(read).toThrow(expect.objectContaining({ code: 'FrameMalformed' }));
      else expect(read).not.toThrow();
    });
  }
});

describe('envelopes of both writers', () => {
  const { planus_env: planus, google_env: google, bare } = VECTORS.extras;
  it.each([
    ['chat', planus.hex, google.hex],
    ['bare', bare.planus, bare.google],
  ])('%s: say the same', (_name, one, other) => {
    expect(decodeEnvelope(fromHex(one))).toEqual(decodeEnvelope(fromHex(other)));
  });
});
