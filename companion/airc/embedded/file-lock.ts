/** Owns "one process per file": a lock of the operating system's, which also a killed process gives back. */
import { chmodSync } from 'node:fs';
import Database from 'libsql';
import { AppError } from '../../../shared/errors.ts';

/**
 * Held on `FILE.lock` through SQLite, until the returned function is called. Not on the file itself: the driver keeps a
 * database open as long as one of its statements waits to be collected, so closing would not give it back in time.
 * Throws `DaemonStartFailed` when another process has it, or `StorageFailed`.
 */
export function lockFile(file: string): () => void {
  const path = `${file}.lock`;
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
    chmodSync(path, 0o600);
  } catch (cause) {
    database?.close();
    if (cause instanceof Error && 'code' in cause && cause.code === 'SQLITE_BUSY') {
      throw new AppError('DaemonStartFailed', `${file} is in use by another built-in daemon.`, { cause });
    }
    throw new AppError('StorageFailed', `${path} cannot be locked.`, { cause });
  }
  const held = database;
  return () => {
    held.close();
  };
}
