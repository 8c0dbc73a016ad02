/** Owns the companion's home folder: made for its owner alone, refused where others could write into it. */
import { lstat, mkdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';

const OTHERS_MAY_WRITE = 0o022;

/** Absolute paths inside the home. */
export interface Home {
  /** Without links: two names of one folder are one home. */
  readonly path: string;
  /** 0700: lock and control socket. */
  readonly runDir: string;
  /** 0700. */
  readonly logDir: string;
  readonly sessionsFile: string;
  readonly claimsFile: string;
  readonly startsFile: string;
  readonly hostsFile: string;
  readonly adoptedFile: string;
  readonly calibrationsFile: string;
  /** Holds the key of the person's server. */
  readonly endpointFile: string;
  /** Holds the token for gated models. */
  readonly gatedFile: string;
}

/** Creates what is missing (0700). Rejects with `HomeUnusable`. */
export async function openHome(path: string): Promise<Home> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const home = homeAt(await realpath(path));
    await refuseShared(home.path);
    for (const folder of [home.runDir, home.logDir]) {
      await mkdir(folder, { mode: 0o700, recursive: true });
      await refuseForeign(folder);
    }
    return home;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('HomeUnusable', `${path} cannot be used: ${causeOf(error)}.`, { cause: error });
  }
}

/** For commands that talk to a running companion: undefined where there is no home. */
export async function findHome(path: string): Promise<Home | undefined> {
  try {
    return homeAt(await realpath(path));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new AppError('HomeUnusable', `${path} cannot be read: ${causeOf(error)}.`, { cause: error });
  }
}

function homeAt(path: string): Home {
  return {
    path,
    runDir: join(path, 'run'),
    logDir: join(path, 'logs'),
    sessionsFile: join(path, 'sessions.json'),
    claimsFile: join(path, 'claims.json'),
    startsFile: join(path, 'starts.json'),
    hostsFile: join(path, 'approved-hosts.json'),
    adoptedFile: join(path, 'adopted-models.json'),
    calibrationsFile: join(path, 'calibrations.json'),
    endpointFile: join(path, 'endpoint.json'),
    gatedFile: join(path, 'gated-models.json'),
  };
}

/** A folder of ours that somebody replaced by a link, or opened to others, holds no secrets. */
export async function refuseForeign(folder: string): Promise<void> {
  const found = await lstat(folder);
  const uid = process.getuid?.();
  const isOurs = uid === undefined || (found.uid === uid && (found.mode & 0o077) === 0);
  if (!found.isDirectory() || !isOurs) {
    throw new AppError('HomeUnusable', `${folder} is not a folder of yours alone (mode 0700).`);
  }
}

async function refuseShared(path: string): Promise<void> {
  const found = await stat(path);
  if (!found.isDirectory()) throw new AppError('HomeUnusable', `${path} is not a folder.`);
  const uid = process.getuid?.();
  // Windows has no such bits; there the profile folder's own rights hold.
  if (uid === undefined) return;
  if (found.uid !== uid) throw new AppError('HomeUnusable', `${path} belongs to another user.`);
  if ((found.mode & OTHERS_MAY_WRITE) !== 0) {
    throw new AppError('HomeUnusable', `${path} can be written by other users.`);
  }
}

function causeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
