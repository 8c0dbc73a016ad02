import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { line, peerIdOf, personaLine, turnInput } from '../../../shared/testing/turn-input.ts';
import type { Utterance } from '../turn.ts';
import {
  COOLDOWN_MS,
  hear,
  judge,
  judgeTurn,
  PAIR_BUDGET,
  PAIR_WINDOW_MS,
  QUIET_ROOM,
  TERMINAL_RESETS,
  TERMINAL_WINDOW_MS,
  TURN_BUDGET,
} from './loop-guard.ts';

const MAYA = peerIdOf('Maya');
const minutesApart = (n: number, utterance: Utterance): Utterance => ({ ...utterance, atMs: n * 60_000 });
const verdict = (history: readonly Utterance[], trigger: Utterance, isAddressed = true) =>
  judgeTurn(turnInput(history, trigger), MAYA, isAddressed);
/** `count` times: somebody's line, Maya's answer, minutes apart. */
const exchanges = (count: number, other: (n: number) => Utterance): Utterance[] =>
  Array.from({ length: count }, (_, n) => [
    minutesApart(10 * n, other(n)),
    minutesApart(10 * n + 5, personaLine(n, 'Maya', 'yes')),
  ]).flat();

describe('the turn budget', () => {
  const persona = (n: number) => personaLine(100 + n, `Other${n}`, 'go on');

  it('holds her after so many turns without a person, and says why', () => {
    const trigger = minutesApart(999, persona(99));
    expect(verdict(exchanges(TURN_BUDGET - 1, persona), trigger)).toEqual({ kind: 'free' });
    const held = verdict(exchanges(TURN_BUDGET, persona), trigger);
    expect(held).toMatchObject({ kind: 'held', rule: 'turn-budget' });
    expect(held.kind === 'held' && held.reason).toContain(`spoken ${TURN_BUDGET} times`);
  });

  it.each([
    ['a persona', { kind: 'persona', signed: true }],
    ['an agent', { kind: 'agent', signed: false }],
    ['somebody unknown', { kind: 'unknown', signed: false }],
  ] as const)('is not reset by %s, even by name', (_who, more) => {
    const history = [...exchanges(TURN_BUDGET, persona), line(800, 'Zed', 'Maya, go on', more)];
    expect(verdict(history, line(801, 'Zed', '@Maya please', more))).toMatchObject({ rule: 'turn-budget' });
  });

  it('is reset by a person who signs, as trigger or on the way', () => {
    const history = exchanges(TURN_BUDGET, persona);
    const person = minutesApart(998, line(800, 'Ann', 'well'));
    expect(verdict(history, person, false)).toEqual({ kind: 'free' });
    expect(verdict([...history, person], minutesApart(999, persona(99)))).toEqual({ kind: 'free' });
  });

  it('is reset by a person at a terminal, but only so often in ten minutes', () => {
    const terminal = (n: number) => line(n, 'tty', 'more', { signed: false });
    let state = QUIET_ROOM;
    let spoken = 0;
    for (let n = 0; n < 200; n += 1) {
      state = hear(state, { ...terminal(n), atMs: n }, MAYA);
      if (judge(state, terminal(n), { atMs: n, isAddressed: true }).kind === 'held') break;
      state = hear(state, personaLine(n, 'Maya', 'yes', { atMs: n }), MAYA);
      spoken += 1;
    }
    // One answer for each of the resets but the last, and then the budget.
    expect(spoken).toBe(TERMINAL_RESETS - 1 + TURN_BUDGET);
    const later = { ...terminal(300), atMs: TERMINAL_WINDOW_MS + 300 };
    expect(judge(hear(state, later, MAYA), later, { atMs: later.atMs, isAddressed: true }).kind).toBe('free');
  });
});

describe('the pair window', () => {
  const toAndFro = (count: number): Utterance[] =>
    Array.from({ length: count }, (_, n) => [
      personaLine(10 * n, 'Kira', 'and you?'),
      // Somebody else in between does not hide who talks with whom.
      personaLine(10 * n + 1, `Crowd${n}`, 'hm'),
      personaLine(10 * n + 5, 'Maya', 'fine'),
    ]).flat();
  const trigger = personaLine(90, 'Kira', 'Maya, and you?');

  it('ends a talk of two machines, and opens again when time has passed', () => {
    expect(verdict(toAndFro(PAIR_BUDGET - 1), trigger)).toEqual({ kind: 'free' });
    expect(verdict(toAndFro(PAIR_BUDGET), trigger)).toMatchObject({ kind: 'held', rule: 'pair-window' });
    const later = { ...trigger, atMs: trigger.atMs + PAIR_WINDOW_MS };
    expect(verdict(toAndFro(PAIR_BUDGET), later)).toEqual({ kind: 'free' });
  });

  it('holds her for that one only', () => {
    const other = personaLine(90, 'Niko', 'Maya, what do you say?');
    expect(verdict(toAndFro(PAIR_BUDGET), other)).toEqual({ kind: 'free' });
  });
});

describe('the cooldown', () => {
  const history = [personaLine(0, 'Maya', 'there')];
  const at = (ms: number) => personaLine(1, 'Kira', 'hm', { atMs: history[0]!.atMs + ms - 1_000 });

  it('is for lines of machines that do not name her', () => {
    expect(verdict(history, at(COOLDOWN_MS - 1), false)).toMatchObject({ kind: 'held', rule: 'cooldown' });
    expect(verdict(history, at(COOLDOWN_MS), false)).toEqual({ kind: 'free' });
    expect(verdict(history, at(1), true)).toEqual({ kind: 'free' });
    expect(verdict(history, line(1, 'Ann', 'hm'), false)).toEqual({ kind: 'free' });
  });

  it('counts a clock that went back as no time', () => {
    expect(verdict(history, at(-60_000), false)).toMatchObject({ rule: 'cooldown' });
  });
});

describe('two personas who always answer', () => {
  /** Who acts, how much of what the other said she has heard by then, and how long it takes. */
  const steps = fc.array(
    fc.record({
      who: fc.constantFrom('Maya', 'Kira', 'Ann'),
      hears: fc.nat(4),
      takesMs: fc.nat(200_000),
      names: fc.boolean(),
    }),
    { maxLength: 120 },
  );

  it('fall silent within their budget, whatever the interleaving', () => {
    let longest = 0;
    fc.assert(
      fc.property(steps, fc.boolean(), (drawn, isSigned) => {
        const room: Utterance[] = [];
        const read = new Map([
          ['Maya', 0],
          ['Kira', 0],
        ]);
        const answered = new Set<string>();
        let nowMs = 0;
        // After what was drawn both go on for ever, if they may.
        const forEver = Array.from({ length: 60 }, (_, n) => ({
          who: n % 2 ? 'Maya' : 'Kira',
          hears: 99,
          takesMs: 200_000,
          names: true,
        }));
        const spokenSince = { Maya: 0, Kira: 0 };
        for (const { who, hears, takesMs, names } of [...drawn, ...forEver]) {
          nowMs += takesMs;
          if (who === 'Ann') {
            room.push(line(room.length, 'Ann', 'so?', { atMs: nowMs, signed: true }));
            spokenSince.Maya = 0;
            spokenSince.Kira = 0;
            continue;
          }
          const me = who as 'Maya' | 'Kira';
          const to = Math.min(room.length, (read.get(me) ?? 0) + hears);
          read.set(me, to);
          const view = room.filter((said, index) => index < to || said.name === me);
          const trigger = view.findLast((said) => said.name !== me && !answered.has(me + said.eventId));
          if (!trigger) continue;
          answered.add(me + trigger.eventId);
          const turn = { talk: view, trigger, nowMs };
          if (judgeTurn(turn, peerIdOf(me), names).kind === 'held') continue;
          room.push(personaLine(room.length, me, 'yes, and?', { atMs: nowMs, signed: isSigned }));
          spokenSince[me] += 1;
          longest = Math.max(longest, spokenSince[me]);
          expect(spokenSince[me]).toBeLessThanOrEqual(TURN_BUDGET);
        }
      }),
      { seed: 7, numRuns: 300 },
    );
    // It was the budget that ended it, not the steps.
    expect(longest).toBe(TURN_BUDGET);
  });

  it('are reset by a person whose clock was set back, since only the order of arrival counts', () => {
    const talk = Array.from({ length: TURN_BUDGET }, (_, n) => [
      personaLine(2 * n, 'Kira', 'and?', { atMs: 1e6 + 1_000 * n }),
      personaLine(2 * n + 1, 'Maya', 'well', { atMs: 1e6 + 1_000 * n + 500 }),
    ]).flat();
    const trigger = line(99, 'Ann', 'so?', { atMs: 1_000, signed: true });
    const verdict = judgeTurn({ talk: [...talk, trigger], trigger, nowMs: 2e6 }, peerIdOf('Maya'), false);
    expect(verdict).toEqual({ kind: 'free' });
  });
});
