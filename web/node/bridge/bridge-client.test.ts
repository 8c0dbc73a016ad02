import { describe, expect, it } from 'vitest';
import type { MethodName } from '../../../shared/bridge/protocol.ts';
import { AppError } from '../../../shared/errors.ts';
import { silentLogger } from '../../../shared/log.ts';
import { CompanionStandIn, STAND_IN_ROOM } from '../../../shared/testing/companion-stand-in.ts';
import { deterministicSigner } from '../../../shared/testing/deterministic-crypto.ts';
import { plain } from '../../../shared/testing/lane-acceptance.ts';
import { SeededRandom } from '../../../shared/testing/seeded-random.ts';
import { VirtualClock } from '../../../shared/testing/virtual-clock.ts';
import { BridgeClient, type BridgeState } from './bridge-client.ts';
import type { CallOptions } from './pending-calls.ts';

function connect() {
  const clock = new VirtualClock();
  const random = new SeededRandom(1);
  const companion = new CompanionStandIn(clock, random);
  const client = new BridgeClient({ dialer: companion.dialer, clock, random, log: silentLogger });
  const states: BridgeState[] = [];
  client.states.subscribe((state) => states.push(state));
  const end = new AbortController();
  const key = { sessionId: 'session', ...deterministicSigner('session') };
  const running = client.run(key, end.signal);
  const inbox = () => client.request('inbox', { channel: STAND_IN_ROOM.channel, limit: 10 });
  return { clock, companion, client, states, end, running, inbox };
}

/** The outcome of a promise, without making the test wait for it. */
function outcomeOf(promise: Promise<unknown>): { error?: AppError; value?: unknown } {
  const outcome: { error?: AppError; value?: unknown } = {};
  promise.then(
    (value) => (outcome.value = value),
    (error: AppError) => (outcome.error = error),
  );
  return outcome;
}

describe('BridgeClient', () => {
  it('greets, is ready, and answers requests in whatever order they come back', async () => {
    const { clock, client, inbox, companion } = connect();
    await clock.advance(10);
    expect(client.state).toMatchObject({ kind: 'ready', session: { ready: { home: expect.any(String) } } });
    companion.post('hello');
    const page = inbox();
    await clock.advance(10);
    expect((await page).events).toHaveLength(1);
  });

  it('settles every pending call with BridgeDown when the companion dies, and is back within half a second', async () => {
    const { clock, client, inbox, companion } = connect();
    await clock.advance(10);
    companion.intercept = () => 'never';
    const pending = outcomeOf(inbox());
    await clock.advance(5);
    companion.isUp = false;
    companion.dropSockets();
    await clock.advance(3_000);
    expect(pending.error?.code).toBe('BridgeDown');
    expect(client.state.kind).toBe('connecting');
    companion.isUp = true;
    const backAtMs = clock.monotonicMs();
    await clock.until(() => client.state.kind === 'ready');
    expect(clock.monotonicMs() - backAtMs).toBeLessThan(600);
  });

  it('finds a socket that is open but dead by its silence', async () => {
    const { clock, states, companion } = connect();
    await clock.advance(10);
    companion.silenceSockets();
    await clock.advance(8_000);
    const ready = states.filter((state) => state.kind === 'ready');
    expect(ready).toHaveLength(2);
    const down = states.find((state) => state.kind === 'connecting' && state.error !== undefined);
    expect(down).toMatchObject({ error: { code: 'BridgeDown', message: expect.stringContaining('silent') } });
  });

  it('does not take a busy link for a dead one', async () => {
    const { clock, states } = connect();
    await clock.advance(60_000);
    expect(states.filter((state) => state.kind === 'ready')).toHaveLength(1);
  });

  it('gives up on an unanswered call after its time, and keeps the link', async () => {
    const { clock, client, inbox, companion } = connect();
    await clock.advance(10);
    companion.intercept = () => 'never';
    const pending = outcomeOf(inbox());
    await clock.advance(11_000);
    expect(pending.error?.code).toBe('BridgeTimeout');
    expect(client.state.kind).toBe('ready');
  });

  it('settles an aborted call at once', async () => {
    const { clock, client, companion } = connect();
    await clock.advance(10);
    companion.intercept = () => 'never';
    const controller = new AbortController();
    const pending = outcomeOf(
      client.request('roomTip', { channel: STAND_IN_ROOM.channel }, { signal: controller.signal }),
    );
    controller.abort();
    await clock.advance(0);
    expect(pending.error?.code).toBe('Aborted');
  });

  const turn = plain('x', 1);
  it.each<[MethodName, (client: BridgeClient, options: CallOptions) => Promise<unknown>]>([
    [
      'laneGenerate',
      (client, options) => client.request('laneGenerate', { modelId: 'm', request: turn }, options),
    ],
    ['laneEmbed', (client, options) => client.request('laneEmbed', { modelId: 'm', text: 'x' }, options)],
  ])('waits for %s as long as it takes, and stops it in the companion, too', async (method, ask) => {
    const { clock, client, companion } = connect();
    await clock.advance(10);
    const asked: [string, unknown][] = [];
    companion.intercept = (...request) => {
      asked.push(request);
      return 'never';
    };
    const controller = new AbortController();
    const pending = outcomeOf(ask(client, { signal: controller.signal }));
    await clock.advance(60_000);
    expect([pending.error, asked.map(([name]) => name)]).toEqual([undefined, [method]]);
    controller.abort();
    await clock.advance(5);
    expect(pending.error?.code).toBe('Aborted');
    expect(asked.slice(1)).toEqual([['laneAbort', { requestId: 1 }]]);
  });

  it.each([
    ['not JSON', '{'],
    ['not of the protocol', '{"type":"surprise"}'],
    ['a greeting out of order', '{"type":"challenge","version":1,"nonce":"abc"}'],
    ['too long', `"${'x'.repeat(300_000)}"`],
  ])('closes and dials again after a message that is %s', async (_what, text) => {
    const { clock, states, companion } = connect();
    await clock.advance(10);
    for (const { link } of companion.sockets) link.send(text);
    await clock.advance(2_000);
    expect(states.filter((state) => state.kind === 'ready')).toHaveLength(2);
    expect(states).toContainEqual(
      expect.objectContaining({ error: expect.objectContaining({ code: 'ProtocolViolation' }) }),
    );
  });

  it('refuses an answer that does not fit its method', async () => {
    const { clock, inbox, companion } = connect();
    await clock.advance(10);
    companion.intercept = () => 'never';
    const pending = outcomeOf(inbox());
    await clock.advance(5);
    companion.send({ type: 'response', id: 1, result: { events: 'none' } });
    await clock.advance(5);
    expect(pending.error?.code).toBe('ProtocolViolation');
  });

  it('stops dialling when the companion does not know this browser', async () => {
    const { clock, states, running, companion } = connect();
    companion.refusal = new AppError('SessionUnknown', 'revoked');
    await clock.advance(2_000);
    await running;
    expect(states.at(-1)).toMatchObject({ kind: 'refused', error: { code: 'SessionUnknown' } });
  });

  it('ends when it is told to', async () => {
    const { clock, running, end, companion } = connect();
    await clock.advance(10);
    end.abort();
    await running;
    await clock.advance(10);
    expect(companion.sockets.size).toBe(0);
  });
});
