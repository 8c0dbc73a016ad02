/** Owns the real parts of the composition: the engine in its child process, the models on disk, the build around us. */
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { AppError } from '../../shared/errors.ts';
import { sendPinned } from '../endpoint/pinned-request.ts';
import { createAdapterShelf } from '../llama/adapter-shelf.ts';
import { startLlamaBackend } from '../llama/child-backend.ts';
import { createModelShelf } from '../llama/model-shelf.ts';
import { openCalibrations } from './calibrations-file.ts';
import type { CompanionParts } from './companion.ts';

const PackageSchema = v.object({ version: v.string() });

/** `mainFolder` is the folder of the built `main.js`; the daemon's parts come from companion/airc. */
export function realParts(mainFolder: string, airc: Pick<CompanionParts, 'resolveDaemon'>): CompanionParts {
  const staticDir = join(mainFolder, '..', 'web');
  const childEntry = join(mainFolder, 'llama-child.js');
  const manifest = readFileSync(join(mainFolder, '..', '..', 'package.json'), 'utf8');
  return {
    ...airc,
    version: v.parse(PackageSchema, JSON.parse(manifest)).version,
    staticDir,
    defaultModel: join(staticDir, 'models', 'starter.gguf'),
    modelHost: { lookup: (host) => lookup(host, { all: true }), send: sendPinned },
    openShelf: (modelPath, { home, clock, random, tell }) =>
      createModelShelf({ home: home.path, modelPath, clock, random, tell }),
    openAdapters: (paths, { clock, tell }) => createAdapterShelf({ paths, clock, tell }),
    startLane: async (shelf, adapters, { home, clock, random, log }, gpu) => {
      const calibrations = await openCalibrations(home.calibrationsFile, { random, log });
      const lane = await startLlamaBackend({ shelf, adapters, childEntry, clock, log, calibrations, gpu });
      const { available, reason } = lane.availability();
      if (available || gpu === undefined) return lane;
      await lane.dispose();
      throw new AppError('GpuUnavailable', reason);
    },
  };
}
