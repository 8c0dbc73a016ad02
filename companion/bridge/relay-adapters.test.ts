import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { DownMessageSchema } from '../../shared/bridge/protocol.ts';
import { RelayWorld } from '../../shared/testing/relay-world.ts';

const TURN = { messages: [{ role: 'user', content: 'hi' }], sampling: { temperature: 0 }, maxTokens: 4 };

describe('Relay: adapters', () => {
  it('offers the adapters of the companion, and takes to the lane which of them a request wants', async () => {
    const id = 'a'.repeat(64);
    const offer = { id, name: 'Poet', sizeBytes: 9, architecture: 'llama', provenance: { license: 'mit' } };
    const world = new RelayWorld({ adapters: { offers: () => [offer] } });
    const page = world.connect();
    const adapters = [{ id, scale: 0.5 }];
    await page.ask('laneGenerate', { modelId: 'm', request: { ...TURN, adapters } });
    expect(v.parse(DownMessageSchema, page.received[0])).toMatchObject({ adapters: [offer] });
    expect(world.asked).toEqual([{ ...TURN, adapters }]);
  });

  it.each([
    ['a path', [{ id: '/etc/passwd', scale: 1 }]],
    ['a scale of 3', [{ id: 'a'.repeat(64), scale: 3 }]],
    ['one twice', [1, 2].map((scale) => ({ id: 'a'.repeat(64), scale }))],
    ['five', ['a', 'b', 'c', 'd', 'e'].map((letter) => ({ id: letter.repeat(64), scale: 1 }))],
    ['words', 'poet'],
  ])('takes no %s for adapters', async (_, adapters) => {
    const world = new RelayWorld();
    const request = { ...TURN, adapters };
    expect(await world.connect().ask('laneGenerate', { modelId: 'm', request })).toBe('ProtocolViolation');
    expect(world.asked).toEqual([]);
  });
});
