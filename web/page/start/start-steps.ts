/** Owns what stands between opening the page and the room, as steps in words: which are done, and where it waits. */
import type { NodeView, Trouble } from '../../node/view.ts';

export interface StartStep {
  readonly name: string;
  readonly state: 'done' | 'now' | 'later';
  readonly detail?: string;
  readonly trouble?: Trouble;
}

export function startSteps({ tab, connection }: Pick<NodeView, 'tab' | 'connection'>): readonly StartStep[] {
  const isStarted = tab !== 'starting';
  const isConnected = connection.state === 'ready';
  const hasDaemon = isConnected && connection.daemon.state === 'up';
  return [
    { name: 'Start the node in this tab', state: isStarted ? 'done' : 'now' },
    {
      name: 'Reach the companion',
      state: isConnected ? 'done' : isStarted ? 'now' : 'later',
      ...(connection.state === 'connecting' && connection.attempt > 1
        ? { detail: `attempt ${connection.attempt}` }
        : {}),
      ...(connection.state === 'connecting' && connection.trouble ? { trouble: connection.trouble } : {}),
    },
    { name: 'Reach the daemon', state: hasDaemon ? 'done' : isConnected ? 'now' : 'later' },
    { name: 'Open the room', state: hasDaemon ? 'now' : 'later' },
  ];
}
