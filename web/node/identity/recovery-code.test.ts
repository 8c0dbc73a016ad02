import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../shared/testing/seeded-random.ts';
import { createRecoveryCode, normalizeRecoveryCode } from './recovery-code.ts';

const code = createRecoveryCode(new SeededRandom(5));

describe('recovery code', () => {
  it('has seven groups of four signs that are hard to misread', () => {
    expect(code).toMatch(/^(?:[0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(createRecoveryCode(new SeededRandom(6))).not.toBe(code);
  });

  it.each([
    ['lower case', code.toLowerCase()],
    ['no hyphens', code.replaceAll('-', '')],
    ['blanks and line breaks', ` ${code.replaceAll('-', ' \n')} `],
  ])('reads %s', (_what, typed) => {
    expect(normalizeRecoveryCode(typed)).toBe(normalizeRecoveryCode(code));
  });

  it('takes O for zero, and I and L for one', () => {
    expect(normalizeRecoveryCode('OoIi-lL00-0000-0000-0000-0000-0000')).toBe(`001111${'0'.repeat(22)}`);
  });

  it.each(['', code.slice(0, -1), `${code}0`, code.replace(/.$/, 'U'), 'ß'.repeat(28), 'x'.repeat(1e6)])(
    'refuses what cannot be a code',
    (typed) => {
      expect(() => normalizeRecoveryCode(typed)).toThrowError(
        expect.objectContaining({ code: 'BackupCodeWrong' }) as Error,
      );
    },
  );
});
