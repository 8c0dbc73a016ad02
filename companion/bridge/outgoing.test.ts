import { describe, expect, it } from 'vitest';
import { MAX_BUFFERED_BYTES } from '../../shared/bridge/limits.ts';
import type { Link } from '../../shared/bridge/link.ts';
import type { DownMessage } from '../../shared/bridge/protocol.ts';
import { VirtualClock } from '../../shared/testing/virtual-clock.ts';
import { Outgoing } from './outgoing.ts';

const PONG: DownMessage = { type: 'pong', sentAtMs: 1 };

function create() {
  const clock = new VirtualClock();
  const end = new AbortController();
  const sent: string[] = [];
  const state: { bufferedBytes: number; closed?: number } = { bufferedBytes: 0 };
  const link: Link = {
    send: (text) => sent.push(text),
    get bufferedBytes() {
      return state.bufferedBytes;
    },
    close: (code) => {
      state.closed = code;
    },
    onMessage: () => undefined,
    onClose: () => undefined,
  };
  return { clock, end, sent, state, out: new Outgoing(link, clock, end.signal) };
}

describe('Outgoing', () => {
  it('holds streams back while the reader is slow, and lets answers pass', async () => {
    const { clock, sent, state, out } = create();
    state.bufferedBytes = MAX_BUFFERED_BYTES / 2;
    const paced = out.sendPaced(PONG);
    await clock.advance(100);
    expect(sent).toHaveLength(0);
    out.send(PONG);
    expect(sent).toHaveLength(1);
    state.bufferedBytes = 0;
    await clock.advance(100);
    await paced;
    expect(sent).toHaveLength(2);
  });

  it('cuts a reader off that takes nothing, not one that is slow', async () => {
    const { clock, state, out } = create();
    state.bufferedBytes = MAX_BUFFERED_BYTES / 2;
    const stalled = out.sendPaced(PONG).catch((error: Error) => error);
    for (let i = 0; i < 4; i += 1) {
      await clock.advance(9_000);
      state.bufferedBytes -= 1;
    }
    expect(state.closed).toBeUndefined();
    await clock.advance(10_100);
    expect(state.closed).toBe(4008);
    expect(await stalled).toMatchObject({ code: 'Aborted' });
  });

  it('sends nothing after the end, and lets no stream wait for it', async () => {
    const { clock, end, sent, state, out } = create();
    state.bufferedBytes = MAX_BUFFERED_BYTES / 2;
    const waiting = out.sendPaced(PONG).catch((error: Error) => error);
    end.abort(new Error('ended'));
    await clock.advance(10);
    expect(await waiting).toMatchObject({ message: 'ended' });
    out.send(PONG);
    expect(sent).toEqual([]);
  });
});
