/** Owns a declared stand-in for the node worker: it shows what the test says, and keeps what the page asked for. */
import type { NodePatch, NodeView, NodeWorkerApi } from '../../web/node/view.ts';

type Listener = Parameters<NodeWorkerApi['listen']>[0];
type Command = Exclude<keyof NodeWorkerApi, 'listen'>;

export interface ScriptedNode extends NodeWorkerApi {
  /** Every command, in order. */
  readonly asked: { readonly command: Command; readonly args: readonly unknown[] }[];
  /** From now on this command answers so; `{ ok: true }` until then. */
  answer(command: Command, result: unknown): void;
  /** Everybody who listens gets this snapshot. */
  show(view: NodeView): void;
  /** Everybody who listens gets these fields as the next patch. */
  change(fields: Partial<Omit<NodeView, 'seq'>>): void;
  /** The next patch is lost on its way. */
  losePatch(fields: Partial<Omit<NodeView, 'seq'>>): void;
}

export function createScriptedNode(first: NodeView): ScriptedNode {
  let view = first;
  const listeners = new Set<Listener>();
  const answers = new Map<Command, unknown>();
  const asked: ScriptedNode['asked'] = [];
  const next = (fields: Partial<Omit<NodeView, 'seq'>>): NodePatch => {
    const patch: NodePatch = { ...fields, seq: view.seq + 1 };
    view = { ...view, ...patch };
    return patch;
  };
  // Each command has its own result type; a script that answers with another one is a defect of the test.
  const command =
    (name: Command) =>
    (...args: unknown[]): Promise<never> => {
      asked.push({ command: name, args });
      return Promise.resolve((answers.get(name) ?? { ok: true }) as never);
    };
  return {
    asked,
    answer: (name, result) => {
      answers.set(name, result);
    },
    show: (shown) => {
      view = { ...shown, seq: view.seq + 1 };
      for (const listener of listeners) listener({ kind: 'snapshot', view });
    },
    change: (fields) => {
      const patch = next(fields);
      for (const listener of listeners) listener({ kind: 'patch', patch });
    },
    losePatch: (fields) => {
      next(fields);
    },
    listen: (listener) => {
      listeners.add(listener);
      listener({ kind: 'snapshot', view });
      return Promise.resolve();
    },
    pair: command('pair'),
    say: command('say'),
    retry: command('retry'),
    loadOlder: command('loadOlder'),
    markRead: command('markRead'),
    openModel: command('openModel'),
    useModel: command('useModel'),
    download: command('download'),
    resumeDownload: command('resumeDownload'),
    pauseDownload: command('pauseDownload'),
    removeDownload: command('removeDownload'),
    approveHost: command('approveHost'),
    checkModel: command('checkModel'),
    removeModel: command('removeModel'),
    copyModel: command('copyModel'),
    chooseAdapter: command('chooseAdapter'),
    freeDevice: command('freeDevice'),
    thinkAgain: command('thinkAgain'),
    setDeviceShare: command('setDeviceShare'),
    setLanePlace: command('setLanePlace'),
    measureSpeed: command('measureSpeed'),
    connectEndpoint: command('connectEndpoint'),
    forgetEndpoint: command('forgetEndpoint'),
    setGatedToken: command('setGatedToken'),
    forgetGatedToken: command('forgetGatedToken'),
    setAsleep: command('setAsleep'),
    backupFile: command('backupFile'),
    restoreBackup: command('restoreBackup'),
    confirmRecoveryCodeSaved: command('confirmRecoveryCodeSaved'),
    moveHere: command('moveHere'),
  };
}
