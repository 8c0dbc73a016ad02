/** Owns what an endpoint of airc is called on Windows, where a path of a socket stands for a named pipe. */
import { realpathSync } from 'node:fs';
import { win32 } from 'node:path';
import { v5 } from 'uuid';
import { uuidToBytes } from '../../../shared/airc/uuid-bytes.ts';

const PIPE_PREFIX = '\\\\.\\pipe\\';
const PIPE_NAMESPACE = uuidToBytes('a1c2701b-e005-4000-8000-000000000002');
/** Canonical paths of the Rust program carry it. */
const VERBATIM_PREFIX = '\\\\?\\';

/** Unchanged but on Windows; there a pipe's own name is unchanged too, and any other path becomes that of a pipe. */
export function endpointName(
  endpoint: string,
  platform: NodeJS.Platform = process.platform,
  realPath: (path: string) => string = realpathSync.native,
): string {
  if (platform !== 'win32' || endpoint.startsWith(PIPE_PREFIX)) return endpoint;
  const name = v5(new TextEncoder().encode(normalised(endpoint, realPath)), PIPE_NAMESPACE);
  return `${PIPE_PREFIX}airc-${name.replaceAll('-', '')}`;
}

/** The real path where the file is, else that of its folder, else the text itself. */
function normalised(endpoint: string, realPath: (path: string) => string): string {
  const canonical = (path: string): string | undefined => {
    try {
      return VERBATIM_PREFIX + realPath(path);
    } catch {
      // It is not there.
      return undefined;
    }
  };
  const folder = canonical(win32.dirname(endpoint));
  const known =
    canonical(endpoint) ?? (folder === undefined ? undefined : win32.join(folder, win32.basename(endpoint)));
  return (known ?? endpoint.replaceAll('\\', '/')).toLowerCase();
}
