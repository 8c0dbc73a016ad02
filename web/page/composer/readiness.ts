/** Owns whether the person can speak just now; if not, why and what helps, in words. */
import type { NodeView } from '../../node/view.ts';

export type Readiness =
  | { readonly state: 'ready' }
  /** What is said is kept and sent later. */
  | { readonly state: 'kept'; readonly hint: string }
  | { readonly state: 'blocked'; readonly reason: string };

/** `hasRoom`: a room is open on the page. */
export function readiness(
  { tab, connection }: Pick<NodeView, 'tab' | 'connection'>,
  hasRoom: boolean,
): Readiness {
  if (connection.state === 'unpaired') {
    return {
      state: 'blocked',
      reason: 'This browser is not paired: open a link that the companion prints.',
    };
  }
  if (!hasRoom) {
    const reason =
      connection.state === 'ready'
        ? 'The room is being opened.'
        : tab === 'starting'
          ? 'The node is starting.'
          : 'Waiting for the companion: check that "npm start" is still running.';
    return { state: 'blocked', reason };
  }
  if (connection.state === 'connecting') {
    return { state: 'kept', hint: 'The companion is away: what you say is kept and sent when it is back.' };
  }
  if (connection.daemon.state === 'gone') {
    return { state: 'kept', hint: 'The daemon is away: what you say is kept and sent when it is back.' };
  }
  return { state: 'ready' };
}
