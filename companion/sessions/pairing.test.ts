import { describe, expect, it } from 'vitest';
import { PAIRING_CODE_LIVES_MS } from '../../shared/bridge/limits.ts';
import { systemClock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { createLogger } from '../../shared/log.ts';
import { systemRandom } from '../../shared/random.ts';
import { Pairing } from './pairing.ts';

function setUp() {
  let nowMs = 1_000;
  const lines: string[] = [];
  const clock = { ...systemClock, nowMs: () => nowMs };
  const log = createLogger((line) => lines.push(JSON.stringify(line)), clock);
  const pairing = new Pairing({ clock, random: systemRandom, log });
  return {
    pairing,
    lines,
    issue: () => pairing.issue('http://127.0.0.1:4747').code,
    advance: (ms: number) => (nowMs += ms),
    redeem: (code: string): string => {
      try {
        pairing.redeem(code);
        return 'ok';
      } catch (error) {
        return error instanceof AppError ? error.code : 'not ours';
      }
    },
  };
}

describe('Pairing', () => {
  it('issues a link whose fragment is at least 128 random bits', () => {
    const { pairing } = setUp();
    const { code, link, expiresAtMs } = pairing.issue('http://127.0.0.1:4747');
    expect(code).toMatch(/^[A-Za-z0-9_-]{26,}$/);
    expect(link).toBe(`http://127.0.0.1:4747/#pair=${code}`);
    expect(expiresAtMs).toBe(1_000 + PAIRING_CODE_LIVES_MS);
  });

  it('takes a code once', () => {
    const { issue, redeem } = setUp();
    const code = issue();
    expect(redeem(code)).toBe('ok');
    expect(redeem(code)).toBe('PairingCodeExpired');
  });

  it('takes a code again that was given back, until its time', () => {
    const { pairing, issue, redeem, advance } = setUp();
    const code = issue();
    pairing.redeem(code)();
    expect(redeem(code)).toBe('ok');
    const late = issue();
    const giveBack = pairing.redeem(late);
    advance(PAIRING_CODE_LIVES_MS);
    giveBack();
    expect(redeem(late)).toBe('PairingCodeExpired');
  });

  it('ends a code with its time', () => {
    const { issue, redeem, advance } = setUp();
    const [early, late] = [issue(), issue()];
    advance(PAIRING_CODE_LIVES_MS - 1);
    expect(redeem(early)).toBe('ok');
    advance(1);
    expect(redeem(late)).toBe('PairingCodeExpired');
  });

  it('locks after five wrong codes, the right one included, until a fresh one is issued', () => {
    const { issue, redeem } = setUp();
    const code = issue();
    const guesses = Array.from({ length: 5 }, (_, at) => redeem(`guess-${at}`));
    expect(guesses).toEqual([...Array<string>(4).fill('PairingCodeWrong'), 'PairingLocked']);
    expect(redeem('guess-5')).toBe('PairingLocked');
    expect(redeem(code)).toBe('PairingCodeExpired');
    expect(redeem(issue())).toBe('ok');
  });

  it('does not count an old link as a guess', () => {
    const { issue, redeem } = setUp();
    const old = issue();
    redeem(old);
    const fresh = issue();
    for (let count = 0; count < 10; count += 1) expect(redeem(old)).toBe('PairingCodeExpired');
    expect(redeem(fresh)).toBe('ok');
  });

  it('keeps a bounded number of codes alive', () => {
    const { issue, redeem } = setUp();
    const codes = Array.from({ length: 6 }, () => issue());
    expect(codes.map(redeem)).toEqual(['PairingCodeExpired', 'PairingCodeExpired', 'ok', 'ok', 'ok', 'ok']);
  });

  it('tells the log what happened and never a code', () => {
    const { issue, redeem, lines } = setUp();
    const code = issue();
    redeem('a-wrong-code');
    redeem(code);
    expect(lines.join('\n')).toContain('pairing.refused');
    expect(lines.join('\n')).not.toContain(code);
    expect(lines.join('\n')).not.toContain('a-wrong-code');
  });
});
