import { describe, expect, it } from 'vitest';
import type { ConnectionView } from '../../node/view.ts';
import { readiness } from './readiness.ts';

const daemon = { kind: 'embedded', socketPath: '/s', state: 'up' } as const;
const ready: ConnectionView = { state: 'ready', companionVersion: '1', daemon };
const connecting: ConnectionView = { state: 'connecting', attempt: 2 };

describe('readiness', () => {
  it.each([
    ['speaks in an open room', ready, true, 'ready'],
    ['keeps what is said while the companion is away', connecting, true, 'kept'],
    [
      'keeps what is said while the daemon is away',
      { ...ready, daemon: { ...daemon, state: 'gone' } },
      true,
      'kept',
    ],
    ['waits for the room', ready, false, 'blocked'],
    ['waits for the companion', connecting, false, 'blocked'],
    ['waits for a link, also in a room of before', { state: 'unpaired' }, true, 'blocked'],
  ] satisfies [string, ConnectionView, boolean, string][])('%s', (_name, connection, hasRoom, state) => {
    expect(readiness({ tab: 'owner', connection }, hasRoom).state).toBe(state);
  });
});
