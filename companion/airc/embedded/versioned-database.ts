/** Owns opening an SQLite file of one version: migrated from an older one, refused if newer. */
import { chmodSync, existsSync } from 'node:fs';
import Database from 'libsql';
import { AppError } from '../../../shared/errors.ts';

/** Brings a database from the version that is its index to the next one. */
export type Migration = (database: Database.Database) => void;

/**
 * The file, created where there is none, mode 0600. Before a migration a copy is made beside it (`FILE.vN`). The caller
 * keeps other processes away. Throws `StoreTooNew` or `StorageFailed`.
 */
export function openVersionedDatabase(file: string, migrations: readonly Migration[]): Database.Database {
  const database = attempt(file, () => new Database(file, { timeout: 0 }));
  try {
    return attempt(file, () => {
      configure(database);
      chmodSync(file, 0o600);
      migrate(file, database, migrations);
      return database;
    });
  } catch (error) {
    database.close();
    throw error;
  }
}

function configure(database: Database.Database): void {
  database.exec('PRAGMA journal_mode = WAL');
  // A commit is on the disk, not only in the system's memory: a receipt survives a power cut.
  database.exec('PRAGMA synchronous = FULL');
}

function migrate(file: string, database: Database.Database, migrations: readonly Migration[]): void {
  const version = versionOf(database);
  if (version > migrations.length) {
    throw new AppError('StoreTooNew', `${file} is of version ${version}, newer than ${migrations.length}.`);
  }
  if (version === migrations.length) return;
  if (version > 0) copyBeside(file, database, version);
  database.transaction(() => {
    for (const step of migrations.slice(version)) step(database);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
  })();
}

function copyBeside(file: string, database: Database.Database, version: number): void {
  const copy = `${file}.v${version}`;
  // From an earlier try that did not get through: it is the older and so the better one.
  if (existsSync(copy)) return;
  database.exec(`VACUUM INTO '${copy.replaceAll("'", "''")}'`);
  chmodSync(copy, 0o600);
}

function versionOf(database: Database.Database): number {
  const row = database.prepare('PRAGMA user_version').get([]) as { readonly user_version: number };
  return row.user_version;
}

function attempt<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('StorageFailed', `${file} cannot be opened: ${message}.`, { cause });
  }
}
