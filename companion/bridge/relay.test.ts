import { describe, expect, it } from 'vitest';
import { chatPayload } from '../../shared/airc/body.ts';
import { MAX_MESSAGE_BYTES } from '../../shared/bridge/limits.ts';
import * as v from 'valibot';
import { DownMessageSchema } from '../../shared/bridge/protocol.ts';
import { MAX_EMBED_CHARS } from '../../shared/inference/embedding.ts';
import { MAYA, RelayWorld, ROOM, fenceOf } from '../../shared/testing/relay-world.ts';

const attachParams = { subscription: 's', channel: ROOM.channel, start: { from: 'now' } };
const TURN = { messages: [{ role: 'user', content: 'hi' }], sampling: { temperature: 0 }, maxTokens: 4 };

describe('Relay', () => {
  it('says ready first, and answers a ping', async () => {
    const world = new RelayWorld({ forcedLane: 'gguf' });
    const page = world.connect();
    page.pair.near.send(JSON.stringify({ type: 'ping', sentAtMs: 42 }));
    await world.clock.advance(10);
    expect(page.received.map((message) => message.type)).toEqual(['ready', 'pong']);
    expect(v.parse(DownMessageSchema, page.received[0])).toMatchObject({
      rooms: [ROOM],
      forcedLane: 'gguf',
      daemon: { kind: 'embedded', state: 'up' },
    });
    expect(page.received[1]).toEqual({ type: 'pong', sentAtMs: 42 });
  });

  it('streams what is said in order, until it is detached', async () => {
    const world = new RelayWorld();
    const page = world.connect();
    expect(await page.ask('attach', attachParams)).toEqual({});
    for (let i = 0; i < 20; i += 1) world.post(`line ${i}`);
    await world.clock.advance(10);
    const texts = page.ofType('event').map((message) => message.event.body);
    expect(texts).toEqual(Array.from({ length: 20 }, (_, i) => ({ kind: 'text', text: `line ${i}` })));
    expect(await page.ask('detach', { subscription: 's' })).toEqual({});
    world.post('unheard');
    await world.clock.advance(10);
    expect(page.ofType('event')).toHaveLength(20);
    expect(page.ofType('attachEnded')).toEqual([]);
    expect(world.daemon.openStreams).toBe(0);
  });

  it('reads inbox and tip', async () => {
    const world = new RelayWorld();
    const page = world.connect();
    expect(await page.ask('roomTip', { channel: ROOM.channel })).toEqual({});
    world.post('one');
    world.post('two');
    const [one, two] = world.daemon.events;
    const tip = { epoch: two!.epoch, counter: two!.counter, eventId: two!.eventId };
    expect(await page.ask('roomTip', { channel: ROOM.channel })).toEqual({ tip });
    const since = { epoch: one!.epoch, counter: one!.counter, eventId: one!.eventId };
    expect(await page.ask('inbox', { channel: ROOM.channel, since, limit: 10 })).toMatchObject({
      events: [{ body: { text: 'two' } }],
      newest: tip,
    });
  });

  it('cuts a page of the inbox to what a message holds, and the reader gets on from there', async () => {
    const world = new RelayWorld();
    const page = world.connect();
    for (let i = 0; i < 30; i += 1) world.post(`${i} ${'x'.repeat(20_000)}`);
    const seen: string[] = [];
    let since = { epoch: 0, counter: 0, eventId: '00000000-0000-0000-0000-000000000000' };
    for (let round = 0; round < 10; round += 1) {
      const result = (await page.ask('inbox', { channel: ROOM.channel, since, limit: 200 })) as {
        events: { eventId: string; body: { text: string } }[];
        newest?: typeof since;
      };
      if (result.newest === undefined) break;
      seen.push(...result.events.map((event) => event.body.text.slice(0, 2).trim()));
      since = result.newest;
    }
    expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => String(i)));
    const newest = (await page.ask('inbox', { channel: ROOM.channel, limit: 200 })) as {
      events: { body: { text: string } }[];
    };
    expect(newest.events.at(-1)?.body.text).toMatch(/^29 /);
    for (const message of page.received) {
      expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    }
  });

  it('shows an event that no message holds without its body, and headers within bounds', async () => {
    const world = new RelayWorld();
    const page = world.connect();
    await page.ask('attach', attachParams);
    world.daemon.post({
      channel: ROOM.channel,
      fromPeer: MAYA,
      fromClient: MAYA,
      kind: 'message',
      delivery: 'durable',
      headers: new Map([
        ['good', 'kept'],
        ['k'.repeat(300), 'dropped'],
        ['long', 'x'.repeat(9000)],
      ]),
      payload: chatPayload('x'.repeat(1_000_000)),
    });
    await world.clock.advance(10);
    const [message] = page.ofType('event');
    expect(v.parse(DownMessageSchema, message)).toMatchObject({
      event: {
        headers: [['good', 'kept']],
        body: { kind: 'opaque', sizeBytes: chatPayload('x'.repeat(1_000_000)).length },
      },
    });
  });

  it('tells every page that the daemon is gone and that it is back, and names it to streams and calls', async () => {
    const world = new RelayWorld();
    const [page, other] = [world.connect('a'), world.connect('b')];
    await page.ask('attach', attachParams);
    world.daemon.state = 'gone';
    await world.clock.advance(50);
    expect(page.ofType('attachEnded')).toMatchObject([{ subscription: 's', error: { code: 'DaemonGone' } }]);
    expect(await page.ask('roomTip', { channel: ROOM.channel })).toBe('DaemonUnreachable');
    for (const one of [page, other]) {
      expect(one.ofType('daemonState')).toMatchObject([{ daemon: { state: 'gone' } }]);
    }
    await world.clock.advance(4_000);
    for (const one of [page, other]) one.pair.near.send('{"type":"ping","sentAtMs":1}');
    world.daemon.state = 'up';
    await world.clock.advance(2_100);
    for (const one of [page, other]) expect(one.ofType('daemonState').at(-1)?.daemon.state).toBe('up');
    expect(await page.ask('attach', attachParams)).toEqual({});
  });

  it('gives up on a daemon that does not answer, before the page does', async () => {
    const world = new RelayWorld();
    const page = world.connect();
    world.daemon.state = 'silent';
    expect(await page.ask('inbox', { channel: ROOM.channel, limit: 1 }, 9_000)).toBe('DaemonGone');
    page.pair.near.send('{"type":"ping","sentAtMs":1}');
    expect(await page.ask('attach', attachParams, 9_000)).toBe('DaemonGone');
  });

  it('ends a stream that the daemon ends', async () => {
    const world = new RelayWorld();
    const page = world.connect();
    await page.ask('attach', attachParams);
    world.daemon.endStreams();
    await world.clock.advance(10);
    expect(page.ofType('attachEnded')).toEqual([{ type: 'attachEnded', subscription: 's' }]);
    expect(page.ofType('daemonState')).toEqual([]);
  });

  it.each([
    ['not JSON', '{'],
    ['not of the protocol', '{"type":"surprise"}'],
    ['an unknown method', '{"type":"request","id":1,"method":"exec","params":{}}'],
    ['a method of the prototype', '{"type":"request","id":1,"method":"toString","params":{}}'],
    ['a bad id', '{"type":"request","id":0,"method":"roomTip","params":{}}'],
    ['a second greeting', '{"type":"authenticate","version":1,"sessionId":"s","signature":"aa"}'],
    ['too long', JSON.stringify('x'.repeat(300_000))],
  ])('closes with 4002 after a message that is %s, and says why', async (_what, text) => {
    const world = new RelayWorld();
    const page = world.connect();
    page.pair.near.send(text);
    await world.clock.advance(10);
    expect(page.ofType('refused')).toMatchObject([{ error: { code: 'ProtocolViolation' } }]);
    expect(page.closed).toMatchObject({ code: 4002 });
    expect(world.relay.connections()).toEqual([]);
  });

  it('answers malformed parameters by name, and closes when they do not end', async () => {
    const world = new RelayWorld();
    const page = world.connect();
    for (let i = 0; i < 3; i += 1) {
      expect(await page.ask('inbox', { channel: '../../etc', limit: 1 })).toBe('ProtocolViolation');
    }
    expect(page.closed).toBeUndefined();
    await page.ask('inbox', { channel: ROOM.channel, limit: 1e9 });
    expect(page.closed).toMatchObject({ code: 4002 });
  });

  it('refuses a request id that is not answered yet', async () => {
    const world = new RelayWorld();
    const page = world.connect();
    world.daemon.state = 'silent';
    const text = JSON.stringify({
      type: 'request',
      id: 5,
      method: 'roomTip',
      params: { channel: ROOM.channel },
    });
    page.pair.near.send(text);
    page.pair.near.send(text);
    await world.clock.advance(10);
    expect(page.closed).toMatchObject({ code: 4002 });
  });

  it('stops everything of a socket when it ends', async () => {
    const world = new RelayWorld();
    const page = world.connect();
    let laneStopped = false;
    world.generate = async function* (signal) {
      yield { kind: 'delta', text: 'a' };
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          laneStopped = true;
          reject(signal.reason as Error);
        });
      });
    };
    await page.ask('attach', attachParams);
    await page.claim(MAYA);
    page.send('laneGenerate', { modelId: 'm', request: TURN });
    await world.clock.advance(10);
    page.pair.cut();
    await world.clock.advance(10);
    expect(laneStopped).toBe(true);
    expect(world.daemon.openStreams).toBe(0);
    expect(world.relay.connections()).toEqual([]);
    expect(fenceOf(await world.connect('another').claim(MAYA))).toBeGreaterThan(0);
  });

  it('streams a generation and stops it on request', async () => {
    const world = new RelayWorld();
    const page = world.connect();
    world.generate = async function* (signal) {
      yield { kind: 'delta', text: 'a' };
      yield { kind: 'delta', text: 'b' };
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    };
    const id = page.send('laneGenerate', { modelId: 'm', request: TURN });
    await world.clock.advance(10);
    expect(page.ofType('laneChunk').map(({ requestId, chunk }) => [requestId, chunk])).toEqual([
      [id, { kind: 'delta', text: 'a' }],
      [id, { kind: 'delta', text: 'b' }],
    ]);
    expect(page.answer(id)).toBeUndefined();
    expect(await page.ask('laneAbort', { requestId: id })).toEqual({});
    expect(page.answer(id)).toBe('Aborted');
  });

  it('asks the engine of the model: a server where its id says so', async () => {
    const page = new RelayWorld().connect();
    expect(await page.ask('laneCountTokens', { modelId: 'm', messages: [] })).toEqual({ tokens: 7 });
    expect(await page.ask('laneCountTokens', { modelId: 'endpoint:m', messages: [] })).toEqual({ tokens: 8 });
  });

  it('embeds one text, and none that is too long', async () => {
    const world = new RelayWorld();
    const page = world.connect();
    expect(await page.ask('laneEmbed', { modelId: 'm', text: 'x' })).toEqual({ vector: [1, 0] });
    expect(await page.ask('laneEmbed', { modelId: 'endpoint:m', text: 'x' })).toEqual({ vector: [0, 1] });
    for (const text of ['', 'x'.repeat(MAX_EMBED_CHARS + 1)]) {
      expect(await page.ask('laneEmbed', { modelId: 'm', text })).toBe('ProtocolViolation');
    }
    world.embed = (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    const id = page.send('laneEmbed', { modelId: 'm', text: 'x' });
    await world.clock.advance(10);
    expect(page.answer(id)).toBeUndefined();
    await page.ask('laneAbort', { requestId: id });
    expect(page.answer(id)).toBe('Aborted');
  });

  it('releases a model where it is', async () => {
    const world = new RelayWorld();
    const page = world.connect();
    for (const modelId of ['m', 'endpoint:m']) {
      await page.ask('laneEmbed', { modelId, text: 'x' });
      await page.ask('laneEmbed', { modelId, text: 'y' });
      expect(await page.ask('laneRelease', { modelId })).toEqual({});
      expect(await page.ask('laneRelease', { modelId })).toEqual({});
    }
    expect(world.released).toEqual(['m', 'endpoint']);
    // Reloaded: the next socket asks for it soon.
    await page.ask('laneEmbed', { modelId: 'm', text: 'x' });
    page.pair.near.close(1000, 'reloaded');
    await world.clock.advance(59_000);
    expect(world.released).toHaveLength(2);
    await world.clock.advance(2_000);
    expect(world.released).toEqual(['m', 'endpoint', 'm']);
  });

  it('tells how far a long request is, under its id', async () => {
    const world = new RelayWorld();
    const page = world.connect();
    const id = page.send('adoptModel', { id: 'found' });
    await world.clock.advance(10);
    expect(page.ofType('progress')).toEqual([{ type: 'progress', requestId: id, done: 1, total: 2 }]);
    expect(page.answer(id)).toBe('ModelNotFound');
  });

  it('closes every socket at shutdown', async () => {
    const world = new RelayWorld();
    const page = world.connect();
    world.stop.abort();
    await world.clock.advance(10);
    expect(page.closed).toMatchObject({ code: 4009 });
  });

  it('closes a socket that has been silent for 10 s', async () => {
    const world = new RelayWorld();
    const page = world.connect();
    await world.clock.advance(9_000);
    page.pair.near.send('{"type":"ping","sentAtMs":1}');
    await world.clock.advance(9_000);
    expect(page.closed).toBeUndefined();
    await world.clock.advance(1_100);
    expect(page.closed).toMatchObject({ code: 4008, reason: 'silent' });
  });
});
