import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../errors.ts';
import { jsonDecision, MAX_BOUNDED_CHARS } from './decision.ts';

const encoding = jsonDecision({ maxTextChars: 200, maxReasonChars: 80 });

describe('jsonDecision', () => {
  it.each([
    ['{"speak":true,"text":"Hi \\"you\\"\\n"}', { kind: 'spoke', text: 'Hi "you"\n' }],
    ['{"speak":false,"reason":"not for me"}', { kind: 'silent', reason: 'not for me' }],
    ['{"speak":false,"reason":"  "}', { kind: 'silent', reason: 'no reason given' }],
  ])('reads %s', (raw, decision) => {
    expect(encoding.decode(raw)).toEqual({ ok: true, decision });
  });

  it.each([
    '',
    'Hello!',
    '{"speak":true,"text":"Hi',
    '{"speak":true,"text":"  "}',
    '{"speak":"true","text":"Hi"}',
    '{"speak":true,"reason":"Hi"}',
    '[true,"Hi"]',
    'null',
  ])('takes %s for no decision', (raw) => {
    expect(encoding.decode(raw).ok).toBe(false);
  });

  it('shows of a growing answer what is surely said, and never more', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), (text) => {
        const raw = `{"speak":true,"text":${JSON.stringify(text)}}`;
        let last = '';
        for (let length = 0; length <= raw.length; length += 1) {
          const shown = encoding.partialText(raw.slice(0, length));
          if (shown !== '') {
            expect(text.startsWith(shown)).toBe(true);
            expect(shown.length).toBeGreaterThanOrEqual(last.length);
            last = shown;
          }
        }
        expect(last).toBe(text);
      }),
    );
    expect(encoding.partialText('{"speak":false,"reason":"x')).toBe('');
  });

  it('refuses a bound that engines drop without a word', () => {
    const limits = { maxTextChars: MAX_BOUNDED_CHARS, maxReasonChars: 1 };
    expect(() => jsonDecision(limits)).not.toThrow();
    expect(() => jsonDecision({ ...limits, maxReasonChars: MAX_BOUNDED_CHARS + 1 })).toThrow(AppError);
  });
});
