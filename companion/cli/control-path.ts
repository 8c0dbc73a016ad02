/** Owns where the control socket of a home is: in its run folder, or where that path is too long, in a short one. */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { refuseForeign, type Home } from './home.ts';

/** `sun_path` has 104 bytes on macOS and 108 on Linux, with a zero at the end. */
const MAX_SOCKET_PATH_BYTES = 100;

export interface ControlPath {
  readonly path: string;
  /** A folder outside the home that has to be made first (0700). */
  readonly ownFolder?: string;
}

export function controlPathOf(home: Pick<Home, 'path' | 'runDir'>, platform = process.platform): ControlPath {
  const name = createHash('sha256').update(home.path).digest('hex').slice(0, 16);
  if (platform === 'win32') return { path: `\\\\.\\pipe\\persona-node-${name}` };
  const path = join(home.runDir, 'control.sock');
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return { path };
  // Not TMPDIR: the command that asks may have another one than the companion.
  const ownFolder = `/tmp/persona-node-${process.getuid?.() ?? 0}-${name}`;
  return { path: join(ownFolder, 'control.sock'), ownFolder };
}

/** Rejects with `HomeUnusable` when somebody else made the short folder. */
export async function prepareControlPath({ ownFolder }: ControlPath): Promise<void> {
  if (ownFolder === undefined) return;
  await mkdir(ownFolder, { recursive: true, mode: 0o700 });
  await refuseForeign(ownFolder);
}
