import { describe, expect, it } from 'vitest';
import type { ConnectionView, NodeView } from '../../node/view.ts';
import { startSteps } from './start-steps.ts';

const trouble = { code: 'BridgeDown', message: 'm', nextStep: 'n', atMs: 1 } as const;
const connecting: ConnectionView = { state: 'connecting', attempt: 0 };
const ready = (state: 'up' | 'gone'): ConnectionView => ({
  state: 'ready',
  companionVersion: '1',
  daemon: { kind: 'embedded', socketPath: '/s', state },
});

describe('startSteps', () => {
  it.each([
    ['starting', connecting, ['now', 'later', 'later', 'later']],
    ['owner', connecting, ['done', 'now', 'later', 'later']],
    ['owner', ready('gone'), ['done', 'done', 'now', 'later']],
    ['viewer', ready('up'), ['done', 'done', 'done', 'now']],
  ] satisfies [NodeView['tab'], ConnectionView, string[]][])('%s, %j', (tab, connection, states) => {
    expect(startSteps({ tab, connection }).map(({ state }) => state)).toEqual(states);
  });

  it('says how often the companion was tried, and why it is not reached', () => {
    const [, reach] = startSteps({ tab: 'owner', connection: { state: 'connecting', attempt: 3, trouble } });
    expect(reach).toMatchObject({ detail: 'attempt 3', trouble });
  });
});
