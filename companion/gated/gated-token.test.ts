import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../shared/testing/seeded-random.ts';
import { GatedTickets } from './gated-tickets.ts';
import { GatedToken } from './gated-token.ts';

const TOKEN = 'hf_0123456789abcdef';

describe('the token for gated models', () => {
  it('is told by its end alone, and is the header of requests', async () => {
    const kept: (string | undefined)[] = [];
    const token = new GatedToken(undefined, (next) => Promise.resolve(void kept.push(next)));
    expect([token.offer(), token.authorization()]).toEqual([undefined, undefined]);
    expect(await token.set(TOKEN)).toEqual({ tail: 'cdef' });
    expect([token.offer(), token.authorization()]).toEqual([{ tail: 'cdef' }, `Bearer ${TOKEN}`]);
    expect(JSON.stringify(token)).not.toContain(TOKEN);
    await token.forget();
    expect(token.authorization()).toBeUndefined();
    expect(kept).toEqual([TOKEN, undefined]);
  });

  it('stays the old one where the disk does not take the new one', async () => {
    const token = new GatedToken(TOKEN, () => Promise.reject(new Error('full')));
    await expect(token.set('hf_another-and-longer')).rejects.toThrow('full');
    await expect(token.forget()).rejects.toThrow('full');
    expect(token.offer()).toEqual({ tail: 'cdef' });
  });

  it('is what was asked for last, however long the disk takes', async () => {
    const waits = [20, 1];
    let disk: string | undefined;
    const token = new GatedToken(undefined, async (next) => {
      await new Promise((resolve) => setTimeout(resolve, waits.shift()));
      disk = next;
    });
    await Promise.all([token.set(TOKEN), token.forget()]);
    expect([disk, token.offer()]).toEqual([undefined, undefined]);
  });
});

describe('a ticket', () => {
  it('is one per socket, and ends with it', () => {
    const tickets = new GatedTickets(new SeededRandom(1));
    const [one, other] = [new AbortController(), new AbortController()];
    const ticket = tickets.issue(one.signal);
    expect(ticket).toMatch(/^[\w-]{43}$/);
    expect(tickets.issue(one.signal)).toBe(ticket);
    expect(tickets.issue(other.signal)).not.toBe(ticket);
    expect(tickets.find(ticket)).toBe(one.signal);
    one.abort();
    expect(tickets.find(ticket)).toBeUndefined();
    expect(() => tickets.issue(one.signal)).toThrow();
  });
});
