/**
 * Owns "one companion per home". The lock is the operating system's, held on a file by SQLite: it ends with the process,
 * however that ends, and no stale lock is ever left to be reasoned about. A pid file could not tell a dead companion
 * from another program that got its number.
 */
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'libsql';
import { AppError } from '../../shared/errors.ts';

/** Rejects with `CompanionAlreadyRunning` or `HomeUnusable`; the returned function gives the lock back. */
export async function lockHome(runDir: string): Promise<() => void> {
  const file = join(runDir, 'lock.db');
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
    await chmod(file, 0o600);
  } catch (error) {
    database?.close();
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY') {
      throw new AppError('CompanionAlreadyRunning', 'A companion already runs with this home.', {
        cause: error,
      });
    }
    throw new AppError('HomeUnusable', `${file} cannot be locked.`, { cause: error });
  }
  const held = database;
  return () => {
    held.close();
  };
}
