import type { Token } from 'node-llama-cpp';
import { describe, expect, it } from 'vitest';
import { openWithSequences, Sequences, type Readable, type Taken } from './sequences.ts';

const NEVER = new AbortController().signal;
const RULES = 'r'.repeat(10);

/** A sequence that holds a text, a token a letter. */
class Stand implements Readable {
  text = '';
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  get nextTokenIndex(): number {
    return this.text.length;
  }

  compareContextTokens(tokens: Token[]): { firstDifferentIndex: number } {
    const found = Array.from(this.text).findIndex((letter, at) => letter.codePointAt(0) !== tokens[at]);
    return { firstDifferentIndex: found === -1 ? this.text.length : found };
  }
}

function stage(count: number) {
  const stands = Array.from({ length: count }, (_, at) => new Stand(`s${at}`));
  const sequences = new Sequences(stands);
  /** Somebody of the room reads and answers; `hers` is in nobody else's prompt. */
  const begin = (room: string, hers = 'h'): Taken<Stand> => {
    const prompt = room + hers;
    const tokens = Array.from(prompt, (letter) => (letter.codePointAt(0) ?? 0) as Token);
    const taken = sequences.take({ tokens, roomTokens: room.length });
    taken.sequence.text = `${prompt} answered`;
    return taken;
  };
  const turn = (room: string, hers?: string): string => {
    const taken = begin(room, hers);
    taken.giveBack();
    return taken.sequence.name;
  };
  return { begin, turn, stands };
}

describe('Sequences', () => {
  it('has the personas of a room read on in one sequence, whatever is asked in another room between', () => {
    const { turn } = stage(4);
    const [one, other] = [`${RULES}one room, a long one`, `${RULES}some other place, as long`];
    expect([turn(one, 'Maya'), turn(other), turn(`${one}+`, 'Kira'), turn(`${other}+`)]).toEqual([
      's0',
      's1',
      's0',
      's1',
    ]);
  });

  it('takes the one used longest ago where none holds the room', () => {
    const { turn } = stage(3);
    const rooms = ['a', 'b', 'c', 'd'].map((letter) => RULES + letter.repeat(20));
    const [a, b, c, d] = rooms as [string, string, string, string];
    expect([turn(a), turn(b), turn(c), turn(a), turn(d)]).toEqual(['s0', 's1', 's2', 's0', 's1']);
  });

  it('takes the longest common beginning of several, and of equal ones that used longest ago', () => {
    const { begin, turn } = stage(3);
    const room = `${RULES}a room`;
    const [first, second] = [begin(room), begin(`${room} and more of it`)];
    second.giveBack();
    first.giveBack();
    expect(turn(`${room} and more of it, told`)).toBe('s1');
    first.sequence.text = second.sequence.text = room;
    expect([turn(room), turn(room), turn(room)]).toEqual(['s0', 's0', 's0']);
  });

  it('throws no long room out for the rules that it shares with a new one', () => {
    const { turn, stands } = stage(2);
    const long = RULES + 'a'.repeat(11);
    turn(long);
    expect(turn(`${RULES}b`)).toBe('s1');
    expect(stands[0]?.text).toContain(long);
  });

  it('keeps to the sequence of a short room, however much of every turn is hers alone', () => {
    const { turn } = stage(3);
    const names = ['Maya', 'Kira', 'Tom'].map((name) => turn(`${RULES}hi`, name.repeat(20)));
    expect(names).toEqual(['s0', 's0', 's0']);
  });

  it('counts what was really read where a turn was given up early', () => {
    const { begin, turn, stands } = stage(2);
    const room = RULES + 'a'.repeat(40);
    const given = begin(room);
    given.sequence.text = RULES.slice(0, 6);
    given.giveBack();
    expect(turn(room)).toBe('s0');
    expect(stands[0]?.text).toContain(room);
  });

  it('gives no sequence to two at once, and says so where none is left', () => {
    const { begin } = stage(2);
    const room = `${RULES}the same room`;
    const taken = [begin(room), begin(room)];
    expect(new Set(taken.map(({ sequence }) => sequence.name)).size).toBe(2);
    expect(() => begin(room)).toThrow(expect.objectContaining({ code: 'Internal' }) as Error);
    taken[1]?.giveBack();
    expect(begin(room).sequence.name).toBe('s1');
  });
});

describe('openWithSequences', () => {
  const opener = (atMost: number) => {
    const asked: number[] = [];
    const open = (sequences: number): Promise<{ totalSequences: number }> => {
      asked.push(sequences);
      if (sequences > atMost) return Promise.reject(new Error(`no memory for ${sequences}`));
      return Promise.resolve({ totalSequences: sequences });
    };
    return { open, asked };
  };

  it('is content with one where there is no memory for several', async () => {
    const { open, asked } = opener(1);
    expect(await openWithSequences(4, open, NEVER)).toEqual({ totalSequences: 1 });
    expect(asked).toEqual([4, 1]);
    expect(await openWithSequences(4, opener(4).open, NEVER)).toEqual({ totalSequences: 4 });
  });

  it('says what the engine says of one, and tries nothing for who has given up', async () => {
    const { open, asked } = opener(0);
    await expect(openWithSequences(4, open, NEVER)).rejects.toThrow('no memory for 1');
    await expect(openWithSequences(1, open, NEVER)).rejects.toThrow('no memory for 1');
    await expect(openWithSequences(4, open, AbortSignal.abort())).rejects.toThrow('no memory for 4');
    expect(asked).toEqual([4, 1, 1, 4]);
  });
});
