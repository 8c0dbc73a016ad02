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
  const begin = async (
    room: string,
    hers = 'h',
    { signal = NEVER, onWait = (): void => undefined } = {},
  ): Promise<Taken<Stand>> => {
    const prompt = room + hers;
    const tokens = Array.from(prompt, (letter) => (letter.codePointAt(0) ?? 0) as Token);
    const taken = await sequences.take({ tokens, roomTokens: room.length }, signal, onWait);
    taken.sequence.text = `${prompt} answered`;
    return taken;
  };
  const turn = async (room: string, hers?: string): Promise<string> => {
    const taken = await begin(room, hers);
    taken.giveBack();
    return taken.sequence.name;
  };
  return { begin, turn, stands };
}

describe('Sequences', () => {
  it('has the personas of a room read on in one sequence, whatever is asked in another room between', async () => {
    const { turn } = stage(4);
    const [one, other] = [`${RULES}one room, a long one`, `${RULES}some other place, as long`];
    expect([
      await turn(one, 'Maya'),
      await turn(other),
      await turn(`${one}+`, 'Kira'),
      await turn(`${other}+`),
    ]).toEqual(['s0', 's1', 's0', 's1']);
  });

  it('takes the one used longest ago where none holds the room', async () => {
    const { turn } = stage(3);
    const rooms = ['a', 'b', 'c', 'd'].map((letter) => RULES + letter.repeat(20));
    const [a, b, c, d] = rooms as [string, string, string, string];
    expect([await turn(a), await turn(b), await turn(c), await turn(a), await turn(d)]).toEqual([
      's0',
      's1',
      's2',
      's0',
      's1',
    ]);
  });

  it('takes the longest common beginning of several, and of equal ones that used longest ago', async () => {
    const { begin, turn } = stage(3);
    const room = `${RULES}a room`;
    const [first, second] = [await begin(room), await begin(`${room} and more of it`)];
    second.giveBack();
    first.giveBack();
    expect(await turn(`${room} and more of it, told`)).toBe('s1');
    first.sequence.text = second.sequence.text = room;
    expect([await turn(room), await turn(room), await turn(room)]).toEqual(['s0', 's0', 's0']);
  });

  it('throws no long room out for the rules that it shares with a new one', async () => {
    const { turn, stands } = stage(2);
    const long = RULES + 'a'.repeat(11);
    await turn(long);
    expect(await turn(`${RULES}b`)).toBe('s1');
    expect(stands[0]?.text).toContain(long);
  });

  it('keeps to the sequence of a short room, however much of every turn is hers alone', async () => {
    const { turn } = stage(3);
    const names: string[] = [];
    for (const name of ['Maya', 'Kira', 'Tom']) names.push(await turn(`${RULES}hi`, name.repeat(20)));
    expect(names).toEqual(['s0', 's0', 's0']);
  });

  it('counts what was really read where a turn was given up early', async () => {
    const { begin, turn, stands } = stage(2);
    const room = RULES + 'a'.repeat(40);
    const given = await begin(room);
    given.sequence.text = RULES.slice(0, 6);
    given.giveBack();
    expect(await turn(room)).toBe('s0');
    expect(stands[0]?.text).toContain(room);
  });

  it('gives no sequence to two at once, and says so where none is left', async () => {
    const { begin } = stage(2);
    const room = `${RULES}the same room`;
    const taken = [await begin(room), await begin(room)];
    expect(new Set(taken.map(({ sequence }) => sequence.name)).size).toBe(2);
    await expect(begin(room)).rejects.toMatchObject({ code: 'Internal' });
    taken[1]?.giveBack();
    expect((await begin(room)).sequence.name).toBe('s1');
  });

  it('waits for who reads a long room, and reads on in her sequence; another room, and a short one, do not', async () => {
    const { begin, turn } = stage(3);
    const long = RULES + 'a'.repeat(2_000);
    const first = await begin(long);
    let waits = 0;
    const second = begin(`${long}+`, 'h', { onWait: () => void (waits += 1) });
    expect(await turn(`${RULES}${'b'.repeat(2_000)}`)).toBe('s1');
    const short = await begin(`${RULES}c`);
    expect(await begin(`${RULES}c`)).not.toBe(short);
    first.giveBack();
    expect((await second).sequence.name).toBe('s0');
    expect(waits).toBe(1);
  });

  it('waits for a reading that was given up, however short, and is given up itself while it waits', async () => {
    const { begin } = stage(2);
    const given = new AbortController();
    const room = `${RULES}a short room`;
    const reading = await begin(room, 'h', { signal: given.signal });
    given.abort();
    const next = begin(room);
    const impatient = new AbortController();
    const other = begin(room, 'h', { signal: impatient.signal });
    impatient.abort(new Error('no more'));
    await expect(other).rejects.toThrow('no more');
    reading.giveBack();
    expect((await next).sequence.name).toBe('s0');
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
