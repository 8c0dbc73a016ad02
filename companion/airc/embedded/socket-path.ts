/** Owns where the built-in daemon of a home listens: in its run folder, or where that path is too long, in a short one. */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { refuseForeign, type Home } from '../../cli/home.ts';
import { IPC_PROTOCOL_VERSION } from '../ipc-version.ts';

/** `sun_path` has 104 bytes on macOS and 108 on Linux; airc keeps below 100 too. */
const MAX_SOCKET_PATH_BYTES = 99;

/** Never the path of an installed daemon: its command line would stop whatever answers there. */
export function embeddedSocketPath(
  home: Pick<Home, 'path' | 'runDir'>,
  platform: NodeJS.Platform = process.platform,
): string {
  const key = createHash('sha256').update(home.path).digest('hex').slice(0, 16);
  if (platform === 'win32') return `\\\\.\\pipe\\persona-node-airc-v${IPC_PROTOCOL_VERSION}-${key}`;
  const name = `airc-embedded-v${IPC_PROTOCOL_VERSION}.sock`;
  const path = join(home.runDir, name);
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return path;
  return join(`/tmp/persona-node-${process.getuid?.() ?? 0}-${key}`, name);
}

export function isPipe(path: string): boolean {
  return path.startsWith('\\\\');
}

/** Makes the socket's folder, for its owner alone. Rejects with `HomeUnusable` when somebody else made it. */
export async function prepareSocketFolder(path: string): Promise<void> {
  if (isPipe(path)) return;
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await refuseForeign(folder);
}
