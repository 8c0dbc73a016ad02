import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { ReadySchema } from '../../shared/bridge/protocol.ts';
import { RelayWorld } from '../../shared/testing/relay-world.ts';

describe('readyMessage', () => {
  it('tells how much memory and how many cores the companion lane would have, and no nonsense', async () => {
    const world = new RelayWorld();
    const page = world.connect();
    await world.clock.advance(10);
    const [ready] = page.received;
    expect(v.parse(ReadySchema, ready).machine).toEqual({ memoryBytes: 2 ** 34, cores: 4 });
    for (const machine of [undefined, { memoryBytes: 0, cores: 4 }, { memoryBytes: 2 ** 34, cores: 0.5 }])
      expect(v.safeParse(ReadySchema, { ...ready, machine }).success).toBe(false);
  });
});
