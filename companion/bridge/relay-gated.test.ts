import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { DownMessageSchema } from '../../shared/bridge/protocol.ts';
import { createLogger } from '../../shared/log.ts';
import { RelayWorld } from '../../shared/testing/relay-world.ts';
import { SeededRandom } from '../../shared/testing/seeded-random.ts';
import { VirtualClock } from '../../shared/testing/virtual-clock.ts';
import { GatedTickets } from '../gated/gated-tickets.ts';
import { GatedToken } from '../gated/gated-token.ts';

const TOKEN = 'hf_0123456789abcdef';

function setUp() {
  const lines: unknown[] = [];
  const token = new GatedToken(undefined, () => Promise.resolve());
  const tickets = new GatedTickets(new SeededRandom(1));
  const world = new RelayWorld({
    gated: { token, tickets },
    log: createLogger((line) => lines.push(line), new VirtualClock()),
  });
  return { token, tickets, world, lines };
}

describe('Relay: the token for gated models', () => {
  it('goes in, and no socket and no line of the log ever gets it back', async () => {
    const { world, token, lines } = setUp();
    const page = world.connect();
    expect(await page.ask('gatedTokenSet', { token: TOKEN })).toEqual({ tail: 'cdef' });
    expect(token.authorization()).toBe(`Bearer ${TOKEN}`);
    const later = world.connect();
    await world.clock.advance(10);
    expect(v.parse(DownMessageSchema, later.received[0])).toMatchObject({ gatedToken: { tail: 'cdef' } });
    expect(await later.ask('gatedTokenForget', {})).toEqual({});
    const last = world.connect();
    await world.clock.advance(10);
    expect(last.received[0]).toMatchObject({ type: 'ready' });
    expect(last.received[0]).not.toHaveProperty('gatedToken');
    expect(JSON.stringify([page.received, later.received, lines])).not.toContain(TOKEN);
  });

  it.each([
    `${TOKEN}\nx-evil: 1`,
    `${TOKEN}\r\n\r\n`,
    `${TOKEN} `,
    'short',
    TOKEN.repeat(40),
    `${TOKEN}ü`,
    7,
  ])('is not taken as %j, nor repeated', async (wish) => {
    const { world, token, lines } = setUp();
    const page = world.connect();
    expect(await page.ask('gatedTokenSet', { token: wish })).toBe('ProtocolViolation');
    expect(token.offer()).toBeUndefined();
    expect(JSON.stringify([page.received, lines])).not.toContain('0123456789');
  });

  it('gives a page a path that ends with its socket', async () => {
    const { world, tickets } = setUp();
    const page = world.connect();
    const { path } = (await page.ask('gatedTicket', {})) as { path: string };
    const ticket = path.replace('/gated/', '');
    expect(tickets.find(ticket)?.aborted).toBe(false);
    page.pair.near.close(1000, 'left');
    await world.clock.advance(10);
    expect(tickets.find(ticket)).toBeUndefined();
  });
});
