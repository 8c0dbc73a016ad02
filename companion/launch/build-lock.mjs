/** Owns that two starts in one folder do not build into it at the same time: the second one waits for the first. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 200;

/** Runs `work` while no other process of this machine does. A lock whose process is gone is taken over. */
export async function withBuildLock(path, work) {
  let hasTold = false;
  while (!tryLock(path)) {
    if (isAbandoned(path)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!hasTold) console.log('Waiting for another start that builds here …');
    hasTold = true;
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function tryLock(path) {
  try {
    // Created or refused in one step.
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function isAbandoned(path) {
  let holder;
  try {
    holder = Number(readFileSync(path, 'utf8'));
  } catch {
    // Given back in between.
    return false;
  }
  try {
    // A file that was only just created may still be empty: 0 asks about our own group, which is alive.
    process.kill(holder, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}
