/** Owns making every command of the node settle with a value, also when the worker cannot even be asked. */
import type { Clock } from '../../../shared/clock.ts';
import { toAppError, toWireError } from '../../../shared/errors.ts';
import type { NodeCommands, Trouble } from '../../node/view.ts';

export function troubleFrom(thrown: unknown, clock: Clock): Trouble {
  const error = toAppError(thrown);
  return { ...toWireError(error), nextStep: error.nextStep, atMs: clock.nowMs() };
}

export function settledCommands(node: NodeCommands, clock: Clock): NodeCommands {
  const settled = async <R>(command: () => Promise<R>): Promise<R | { ok: false; trouble: Trouble }> => {
    try {
      return await command();
    } catch (thrown) {
      return { ok: false, trouble: troubleFrom(thrown, clock) };
    }
  };
  return {
    pair: (code) => settled(() => node.pair(code)),
    say: (channel, text) => settled(() => node.say(channel, text)),
    retry: (key) => settled(() => node.retry(key)),
    loadOlder: (channel) => settled(() => node.loadOlder(channel)),
    markRead: (channel, key) => settled(() => node.markRead(channel, key)),
    openModel: (files) => settled(() => node.openModel(files)),
    useModel: (sha256) => settled(() => node.useModel(sha256)),
    download: (address) => settled(() => node.download(address)),
    resumeDownload: (id) => settled(() => node.resumeDownload(id)),
    pauseDownload: (id) => settled(() => node.pauseDownload(id)),
    removeDownload: (id) => settled(() => node.removeDownload(id)),
    approveHost: (origin) => settled(() => node.approveHost(origin)),
    checkModel: (sha256) => settled(() => node.checkModel(sha256)),
    copyModel: (sha256) => settled(() => node.copyModel(sha256)),
    removeModel: (sha256) => settled(() => node.removeModel(sha256)),
    connectEndpoint: (wish) => settled(() => node.connectEndpoint(wish)),
    forgetEndpoint: () => settled(() => node.forgetEndpoint()),
    setGatedToken: (token) => settled(() => node.setGatedToken(token)),
    forgetGatedToken: () => settled(() => node.forgetGatedToken()),
    chooseAdapter: (peerId, adapter) => settled(() => node.chooseAdapter(peerId, adapter)),
    freeDevice: () => settled(() => node.freeDevice()),
    thinkAgain: () => settled(() => node.thinkAgain()),
    setDeviceShare: (share) => settled(() => node.setDeviceShare(share)),
    setLanePlace: (place) => settled(() => node.setLanePlace(place)),
    measureSpeed: () => settled(() => node.measureSpeed()),
    setAsleep: (peerId, asleep) => settled(() => node.setAsleep(peerId, asleep)),
    backupFile: () => settled(() => node.backupFile()),
    restoreBackup: (text, code) => settled(() => node.restoreBackup(text, code)),
    confirmRecoveryCodeSaved: () => settled(() => node.confirmRecoveryCodeSaved()),
    moveHere: () => settled(() => node.moveHere()),
  };
}
