import fc from 'fast-check';
import { expect, it } from 'vitest';
import { METHODS, type MethodName } from '../../shared/bridge/protocol.ts';
import { MAYA, RelayWorld, ROOM } from '../../shared/testing/relay-world.ts';

const methods = Object.keys(METHODS) as MethodName[];

/** Values that look right often enough to get past the first look. */
const plausible = fc.oneof(
  fc.constantFrom<unknown>(ROOM.channel, MAYA, 'now', 's', 'durable', 'message', 0, 1, -1, 1e300, '', null),
  fc.jsonValue(),
);
const params = fc.dictionary(
  fc.constantFrom(
    'channel',
    'peerId',
    'publicKey',
    'signature',
    'since',
    'limit',
    'subscription',
    'start',
    'fence',
    'fromPeer',
    'headers',
    'body',
    'modelId',
    'request',
    'requestId',
    'messages',
    'name',
    'sizeBytes',
    '__proto__',
    'constructor',
  ),
  plausible,
);
const message = fc.oneof(
  fc.string(),
  fc.json(),
  fc
    .record({
      type: fc.constantFrom('request', 'ping', 'authenticate'),
      id: fc.nat(3),
      sentAtMs: fc.nat(),
      method: fc.constantFrom(...methods),
      params,
    })
    .map((value) => JSON.stringify(value)),
);

it('answers, pongs or closes, whatever a page sends, and goes on serving the others', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 12 }), async (texts) => {
      const world = new RelayWorld();
      const [odd, other] = [world.connect('odd'), world.connect('other')];
      for (const text of texts) {
        if (odd.closed) break;
        odd.pair.near.send(text);
        await world.clock.advance(3);
      }
      await world.clock.advance(20);
      if (odd.closed) expect(odd.closed.code).toBe(4002);
      expect(await other.ask('roomTip', { channel: ROOM.channel })).toEqual({});
      // Nothing was said in anybody's name: no claim of this test can be valid.
      expect(world.daemon.events).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
