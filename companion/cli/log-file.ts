/** Owns the companion's log on disk: JSON lines, a bounded number of bounded files, written at once. */
import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { LogSink } from '../../shared/log.ts';

const MAX_FILE_BYTES = 4 * 1024 * 1024;
const OLD_FILES = 3;

export interface LogFile {
  readonly sink: LogSink;
  close(): void;
}

/**
 * Opens `companion.log` in `folder` (0600). Throws `HomeUnusable`. Written synchronously: the last line before a crash
 * is the one that matters, and there are few. A disk that refuses later loses lines, and tells `onFailure` once.
 */
export function openLogFile(
  folder: string,
  onFailure: (error: unknown) => void,
  maxFileBytes = MAX_FILE_BYTES,
): LogFile {
  const path = join(folder, 'companion.log');
  let file: number | undefined;
  let bytes = 0;
  let hasFailed = false;
  const open = (): void => {
    file = openSync(path, 'a', 0o600);
    bytes = statSync(path).size;
  };
  const close = (): void => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  try {
    open();
  } catch (error) {
    throw new AppError('HomeUnusable', `${path} cannot be written.`, { cause: error });
  }
  return {
    sink: ({ atMs, level, event, fields }) => {
      try {
        if (file === undefined) return;
        if (bytes >= maxFileBytes) {
          close();
          rotate(path);
          open();
        }
        const line = `${JSON.stringify({ ...fields, at: new Date(atMs).toISOString(), level, event })}\n`;
        bytes += writeSync(file, line);
      } catch (error) {
        if (!hasFailed) onFailure(error);
        hasFailed = true;
      }
    },
    close,
  };
}

function rotate(path: string): void {
  rmSync(`${path}.${OLD_FILES}`, { force: true });
  for (let age = OLD_FILES - 1; age >= 0; age -= 1) {
    const from = age === 0 ? path : `${path}.${age}`;
    if (statSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, `${path}.${age + 1}`);
  }
}
