/** Owns what one tab's worker offers its page: the node itself, or a view of the tab that has it. */
import type { Clock } from '../../shared/clock.ts';
import { AppError, toAppError } from '../../shared/errors.ts';
import { answerCommand } from './ownership/answer-command.ts';
import type { Locks } from './ownership/locks.ts';
import { TabRole } from './ownership/tab-role.ts';
import type { ForwardedCommand, ForwardedResult, TabChannel, TabMessage } from './ownership/tab-channel.ts';
import { Viewer } from './ownership/viewer.ts';
import { addTrouble, troubleOf } from './view/trouble.ts';
import { ViewPublisher } from './view/view-publisher.ts';
import type { CommandResult, NodeCommands, NodeWorkerApi } from './view.ts';

/** The node while this tab has it. */
export interface OwnedNode {
  readonly commands: Omit<NodeCommands, 'moveHere'>;
  /** In good order: everybody leaves the room, the connection is closed. */
  stop(): Promise<void>;
}

export interface NodeServiceDeps {
  readonly tabId: string;
  readonly locks: Locks;
  readonly channel: TabChannel;
  readonly clock: Clock;
  /** Shows its progress and its failures through the publisher; rejects only when it cannot run at all. */
  startNode(publisher: ViewPublisher): Promise<OwnedNode>;
}

export function createNodeService(
  deps: NodeServiceDeps,
): NodeWorkerApi & { run(signal: AbortSignal): Promise<void> } {
  const { channel, clock, tabId } = deps;
  const publisher = new ViewPublisher(
    {
      tab: 'starting',
      connection: { state: 'connecting', attempt: 0 },
      rooms: [],
      people: [],
      lane: { chosenBecause: '' },
      models: { stored: [], downloads: [] },
      backup: { identities: 0 },
      troubles: [],
    },
    clock,
  );
  const viewer = new Viewer(tabId, channel, publisher, clock);
  let node: OwnedNode | undefined;
  let starting: Promise<void> = Promise.resolve();
  let decided: () => void = () => undefined;
  // A page may ask for something while this tab still finds out what it is.
  const roleKnown = new Promise<void>((resolve) => {
    decided = resolve;
  });
  let isShared = false;
  /** Why the node could not start. */
  let failure: AppError | undefined;

  const role = new TabRole({
    locks: deps.locks,
    clock,
    askToYield: () => {
      channel.post({ kind: 'yield' });
    },
    becomeViewer: () => {
      viewer.start();
      decided();
    },
    becomeOwner: async () => {
      publisher.change({ tab: 'owner' });
      starting = deps.startNode(publisher).then(
        (started) => {
          node = started;
        },
        (thrown: unknown) => {
          // Shown, and the tab stays the owner: another one would fail in the same way.
          failure = toAppError(thrown);
          publisher.change({
            troubles: addTrouble(publisher.view.troubles, troubleOf(toAppError(thrown), clock)),
          });
        },
      );
      await starting;
      decided();
      if (isShared) shareSnapshot();
    },
    stopOwning: async () => {
      await starting;
      await node?.stop();
      node = undefined;
    },
  });

  const shareSnapshot = (): void => {
    publisher.flush();
    channel.post({ kind: 'update', update: { kind: 'snapshot', view: publisher.view } });
  };
  // Copying every patch for nobody would cost a clone of the timeline per token: only once a viewer asked.
  publisher.listen((update) => {
    if (node && isShared) channel.post({ kind: 'update', update });
  });

  const execute = async (name: ForwardedCommand, args: readonly unknown[]): Promise<ForwardedResult> => {
    if (!node) {
      const error = failure ?? new AppError('Internal', 'The node does not run in this tab.');
      return { ok: false, trouble: troubleOf(error, clock) };
    }
    // The arguments were typed where the command was called; the channel only carries them.
    const command = node.commands[name] as (...given: readonly unknown[]) => Promise<ForwardedResult>;
    return command(...args);
  };

  channel.onMessage = (message: TabMessage) => {
    switch (message.kind) {
      case 'update':
        if (!node) viewer.onUpdate(message.update);
        return;
      case 'snapshot-wanted':
        // Whoever has the node later answers too: the tab that gave it away asks while the next one still starts.
        isShared = true;
        if (node) shareSnapshot();
        return;
      case 'yield':
        role.onYieldAsked();
        return;
      case 'command':
        if (node) void answerCommand(message, { channel, clock, execute });
        return;
      case 'at-work':
        viewer.onAtWork(message.to, message.id);
        return;
      case 'result':
        viewer.onResult(message.to, message.id, message.result);
        return;
    }
  };

  const call = async <R extends ForwardedResult>(name: ForwardedCommand, ...args: unknown[]): Promise<R> => {
    await roleKnown;
    const isViewer = publisher.view.tab === 'viewer';
    const result = isViewer ? await viewer.forward(name, args) : await execute(name, args);
    // A command's own result type; the union is only what the channel carries.
    return result as R;
  };

  return {
    run: (signal) => role.run(signal),
    listen: (listener) => {
      publisher.listen(listener);
      return Promise.resolve();
    },
    pair: (code) => call<CommandResult>('pair', code),
    say: (channelId, text) => call<CommandResult>('say', channelId, text),
    retry: (key) => call<CommandResult>('retry', key),
    loadOlder: (channelId) => call<CommandResult>('loadOlder', channelId),
    markRead: (channelId, key) => call<CommandResult>('markRead', channelId, key),
    openModel: (files) => call<CommandResult>('openModel', files),
    useModel: (sha256) => call<CommandResult>('useModel', sha256),
    download: (address) => call<CommandResult>('download', address),
    resumeDownload: (id) => call<CommandResult>('resumeDownload', id),
    pauseDownload: (id) => call<CommandResult>('pauseDownload', id),
    removeDownload: (id) => call<CommandResult>('removeDownload', id),
    approveHost: (origin) => call<CommandResult>('approveHost', origin),
    checkModel: (sha256) => call<CommandResult>('checkModel', sha256),
    copyModel: (sha256) => call<CommandResult>('copyModel', sha256),
    removeModel: (sha256) => call<CommandResult>('removeModel', sha256),
    connectEndpoint: (wish) => call<CommandResult>('connectEndpoint', wish),
    forgetEndpoint: () => call<CommandResult>('forgetEndpoint'),
    setGatedToken: (token) => call<CommandResult>('setGatedToken', token),
    forgetGatedToken: () => call<CommandResult>('forgetGatedToken'),
    chooseAdapter: (peerId, adapter) => call<CommandResult>('chooseAdapter', peerId, adapter),
    freeDevice: () => call<CommandResult>('freeDevice'),
    thinkAgain: () => call<CommandResult>('thinkAgain'),
    setDeviceShare: (share) => call<CommandResult>('setDeviceShare', share),
    setLanePlace: (place) => call<CommandResult>('setLanePlace', place),
    measureSpeed: () => call<CommandResult>('measureSpeed'),
    setAsleep: (peerId, asleep) => call<CommandResult>('setAsleep', peerId, asleep),
    backupFile: () => call<Awaited<ReturnType<NodeCommands['backupFile']>>>('backupFile'),
    restoreBackup: (text, code) => call<CommandResult>('restoreBackup', text, code),
    confirmRecoveryCodeSaved: () => call<CommandResult>('confirmRecoveryCodeSaved'),
    moveHere: () => {
      role.moveHere();
      return Promise.resolve({ ok: true });
    },
  };
}
