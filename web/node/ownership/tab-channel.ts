/** Owns what the tabs of one browser profile say to each other: the owner's view out, viewers' commands in. */
import type { ViewUpdate } from '../view/view-publisher.ts';
import type { CommandResult, NodeCommands } from '../view.ts';

/** Everything but `moveHere`, which is between the tabs themselves. */
export type ForwardedCommand = Exclude<keyof NodeCommands, 'moveHere'>;
export type ForwardedResult = CommandResult | Awaited<ReturnType<NodeCommands['backupFile']>>;

/** Between tabs of one origin and one build; plain data, no proxies. */
export type TabMessage =
  | { readonly kind: 'update'; readonly update: ViewUpdate }
  /** A viewer came, or missed a patch. */
  | { readonly kind: 'snapshot-wanted' }
  /** "Move here": the owner stops in good order and says so. */
  | { readonly kind: 'yield' }
  | {
      readonly kind: 'command';
      readonly from: string;
      readonly id: number;
      readonly name: ForwardedCommand;
      readonly args: readonly unknown[];
    }
  /** A command takes its time: the owner is alive. */
  | { readonly kind: 'at-work'; readonly to: string; readonly id: number }
  | { readonly kind: 'result'; readonly to: string; readonly id: number; readonly result: ForwardedResult };

export interface TabChannel {
  post(message: TabMessage): void;
  /** Set once. Own messages do not come back. */
  onMessage: (message: TabMessage) => void;
  close(): void;
}

const CHANNEL_NAME = 'persona-node';

export function createBroadcastTabChannel(): TabChannel {
  const channel = new BroadcastChannel(CHANNEL_NAME);
  const tab: TabChannel = {
    post: (message) => {
      channel.postMessage(message);
    },
    onMessage: () => undefined,
    close: () => {
      channel.close();
    },
  };
  // The build serves page and worker together, so whoever is on this channel speaks this type.
  channel.onmessage = (event: MessageEvent<TabMessage>) => {
    tab.onMessage(event.data);
  };
  return tab;
}
