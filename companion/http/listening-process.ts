/** Owns naming the process behind a listening TCP port, with what each system offers to an ordinary user. */
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const COMMAND_WITHIN_MS = 2_000;

/** For example "node, process 4711"; undefined where it cannot be known (another user's process). Never rejects. */
export async function processListeningOn(port: number): Promise<string | undefined> {
  try {
    switch (process.platform) {
      case 'linux':
        return await onLinux(port);
      case 'win32':
        return await onWindows(port);
      default:
        return await onMac(port);
    }
  } catch {
    // A courtesy in an error message: without the tool, or the right to look, the message does without the name.
    return undefined;
  }
}

async function onLinux(port: number): Promise<string | undefined> {
  const inode = listeningInode(await readFile('/proc/net/tcp', 'utf8'), port);
  if (inode === undefined) return undefined;
  const processIds = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const id of processIds) {
    if (await holds(id, `socket:[${inode}]`)) {
      return `${(await readFile(`/proc/${id}/comm`, 'utf8')).trim()}, process ${id}`;
    }
  }
  return undefined;
}

/** The inode of the socket that listens on `port`, in the text of /proc/net/tcp (state 0A is LISTEN). */
export function listeningInode(table: string, port: number): string | undefined {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  return rows.find((row) => row[1]?.endsWith(wanted) === true && row[3] === '0A')?.[9];
}

async function holds(processId: string, socket: string): Promise<boolean> {
  try {
    const folder = `/proc/${processId}/fd`;
    const links = await Promise.all(
      (await readdir(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => '')),
    );
    return links.includes(socket);
  } catch {
    // Another user's process, or one that just ended: not ours to look into.
    return false;
  }
}

async function onMac(port: number): Promise<string | undefined> {
  const args = ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'];
  const { stdout } = await run('lsof', args, { timeout: COMMAND_WITHIN_MS });
  const id = /^p(\d+)$/m.exec(stdout)?.[1];
  const name = /^c(.+)$/m.exec(stdout)?.[1];
  return id === undefined ? undefined : `${name ?? 'unnamed'}, process ${id}`;
}

async function onWindows(port: number): Promise<string | undefined> {
  const { stdout } = await run('netstat', ['-ano', '-p', 'TCP'], { timeout: COMMAND_WITHIN_MS });
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/));
  // The state's name is translated; a listener is the row whose remote end is 0.0.0.0:0.
  const id = rows.find((row) => row[1]?.endsWith(`:${port}`) === true && row[2] === '0.0.0.0:0')?.at(-1);
  return id === undefined ? undefined : `process ${id}`;
}
