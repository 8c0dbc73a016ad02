/** Owns the recovery code: how it is made, shown, and read back from a person's typing. */
import { AppError } from '../../../shared/errors.ts';
import type { RandomSource } from '../../../shared/random.ts';

/** Crockford's base 32: 32 signs, so a byte modulo 32 is unbiased; none of I, L, O, U, which are misread. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const GROUPS = 7;
const GROUP_CHARS = 4;
const CODE_CHARS = GROUPS * GROUP_CHARS;
const CODE_PATTERN = new RegExp(`^[${ALPHABET}]{${CODE_CHARS}}$`);

/** 28 signs of 5 bits, 140 bits in all, as seven groups with hyphens. */
export function createRecoveryCode(random: RandomSource): string {
  const signs = Array.from(random.bytes(CODE_CHARS), (byte) => ALPHABET.charAt(byte % ALPHABET.length)).join(
    '',
  );
  return Array.from({ length: GROUPS }, (_, group) =>
    signs.slice(group * GROUP_CHARS, (group + 1) * GROUP_CHARS),
  ).join('-');
}

/**
 * The one spelling that keys are derived from: case, spaces and hyphens do not matter, and what is often misread counts
 * as what was meant. Throws `BackupCodeWrong` for what cannot be a code.
 */
export function normalizeRecoveryCode(typed: string): string {
  const signs = typed
    .slice(0, 256)
    .toUpperCase()
    .replaceAll(/[\s\-_.]/g, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1');
  if (!CODE_PATTERN.test(signs)) {
    throw new AppError(
      'BackupCodeWrong',
      `A recovery code has ${GROUPS} groups of ${GROUP_CHARS} letters and digits.`,
    );
  }
  return signs;
}
