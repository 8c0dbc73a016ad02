import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { VirtualClock } from '../../../shared/testing/virtual-clock.ts';
import { DeviceQueue, type QueueState, type Want } from './device-queue.ts';

const NEVER = new AbortController().signal;

function setUp(slots = 1) {
  const clock = new VirtualClock();
  const states: QueueState[] = [];
  const queue = new DeviceQueue({ slots, clock, onChange: (state) => states.push(state) });
  const order: string[] = [];
  const leave = new Map<string, () => void>();
  const enter = (
    label: string,
    priority: Want['priority'] = 'interactive',
    signal: AbortSignal = NEVER,
    onPlace?: (ahead: number) => void,
  ): Promise<void> =>
    queue.enter({ personaId: label.replace(/\d/, ''), priority }, signal, onPlace).then((end) => {
      order.push(label);
      leave.set(label, end);
    });
  const settle = async (): Promise<void> => clock.advance(0);
  /** Ends whoever is at work, one after the other, until nobody waits. */
  const drain = async (): Promise<readonly string[]> => {
    for (;;) {
      await settle();
      const [next] = leave;
      if (!next) return order;
      leave.delete(next[0]);
      next[1]();
    }
  };
  return { clock, queue, states, order, leave, enter, settle, drain };
}

describe('the queue of a device', () => {
  it('lets nobody wait twice for the same other', async () => {
    const { enter, drain } = setUp();
    for (const label of ['ann1', 'ann2', 'ann3', 'bob1', 'cat1', 'bob2']) void enter(label);
    expect(await drain()).toEqual(['ann1', 'bob1', 'cat1', 'ann2', 'bob2', 'ann3']);
  });

  it('lets in who is waited for before what is done in the background, which comes after eight all the same', async () => {
    const { enter, drain } = setUp();
    void enter('ann1');
    void enter('old', 'background');
    for (let at = 0; at < 9; at += 1) void enter(`bob${at}`);
    const order = await drain();
    expect(order.indexOf('old')).toBe(9);
  });

  it('lets in as many as there is room for, and tells everybody their place', async () => {
    const { enter, states, leave, settle } = setUp(2);
    const places: number[] = [];
    void enter('ann');
    void enter('bob');
    void enter('cat', 'interactive', NEVER, (ahead) => places.push(ahead));
    await settle();
    expect(states.at(-1)).toEqual({ running: ['ann', 'bob'], waiting: ['cat'] });
    leave.get('bob')?.();
    leave.get('bob')?.();
    await settle();
    expect(states.at(-1)).toEqual({ running: ['ann', 'cat'], waiting: [] });
    expect(places).toEqual([2]);
  });

  it('forgets who gives up while waiting', async () => {
    const { enter, drain, states } = setUp();
    const gone = new AbortController();
    void enter('ann');
    const waiting = enter('bob', 'interactive', gone.signal);
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'Aborted' });
    expect(states.at(-1)?.waiting).toEqual([]);
    await expect(enter('cat', 'interactive', AbortSignal.abort())).rejects.toMatchObject({ code: 'Aborted' });
    expect(await drain()).toEqual(['ann']);
  });

  it('rests for a minute at most, and not for what was done in the background', async () => {
    const { clock, queue, enter, order, leave } = setUp();
    queue.share = 0.25;
    void enter('ann');
    await clock.advance(100_000);
    leave.get('ann')?.();
    void enter('old', 'background');
    await clock.advance(59_999);
    expect(order).toEqual(['ann']);
    await clock.advance(1);
    expect(order).toEqual(['ann', 'old']);
    void enter('bob');
    await clock.advance(10_000);
    leave.get('old')?.();
    await clock.advance(0);
    expect(order).toEqual(['ann', 'old', 'bob']);
  });

  it('tells everybody who waits when it is closed', async () => {
    const { clock, enter, queue } = setUp();
    void enter('ann');
    const waiting = [enter('bob'), enter('cat')].map(async (each) =>
      each.catch((error: AppError) => error.code),
    );
    await clock.advance(0);
    queue.close(new AppError('LaneDied', 'closed'));
    expect(await Promise.all(waiting)).toEqual(['LaneDied', 'LaneDied']);
  });

  it('keeps the device free for its share of the time', async () => {
    const { clock, queue, enter, order, leave } = setUp();
    queue.share = 0.25;
    void enter('ann');
    void enter('bob');
    await clock.advance(2_000);
    leave.get('ann')?.();
    await clock.advance(5_999);
    expect(order).toEqual(['ann']);
    await clock.advance(1);
    expect(order).toEqual(['ann', 'bob']);
    void enter('cat');
    await clock.advance(2_000);
    leave.get('bob')?.();
    queue.share = 1;
    await clock.advance(0);
    expect(order).toEqual(['ann', 'bob', 'cat']);
  });
});
