/** Owns the stage of tests that need real llama.cpp: a built child, a folder of models good and bad, backends on them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import type { LlamaBackend } from '../../companion/llama/backend.ts';
import { CalibrationBook } from '../../companion/llama/calibration-book.ts';
import { startLlamaBackend, type LlamaBackendDeps } from '../../companion/llama/child-backend.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';
import { buildLlamaChild } from './built-child.ts';
import { plumbingModel } from './plumbing-model.ts';
import { randomModel } from './random-model.ts';
import { withOtherTensorName } from './spoiled-model.ts';

export interface LlamaRig {
  readonly folder: string;
  readonly childEntry: string;
  /** `plumbing`, `random`, and the broken ones: `cut`, `junk`, `lying` (only llama.cpp finds out), `gone`. */
  pathOf(modelId: string): string | undefined;
  /** Disposed with the rig, or before. */
  start(more?: Partial<LlamaBackendDeps>): Promise<LlamaBackend>;
  stop(): Promise<void>;
}

export async function startLlamaRig(): Promise<LlamaRig> {
  const folder = await mkdtemp(join(tmpdir(), 'llama-rig-'));
  const child = await buildLlamaChild();
  const random = randomModel();
  const models: readonly (readonly [string, Uint8Array])[] = [
    ['plumbing', plumbingModel()],
    ['random', random],
    ['cut', random.subarray(0, random.length - 100_000)],
    ['junk', new TextEncoder().encode('this is no model at all')],
    ['lying', withOtherTensorName(random)],
  ];
  const paths = new Map([...models.map(([id]) => id), 'gone'].map((id) => [id, join(folder, `${id}.gguf`)]));
  for (const [id, bytes] of models) await writeFile(paths.get(id) ?? '', bytes);
  const backends: LlamaBackend[] = [];
  return {
    folder,
    childEntry: child.entry,
    pathOf: (id) => paths.get(id),
    start: async (more = {}) => {
      const backend = await startLlamaBackend({
        shelf: { pathOf: (id) => paths.get(id) },
        adapters: { fileOf: () => undefined },
        childEntry: child.entry,
        clock: systemClock,
        log: silentLogger,
        calibrations: new CalibrationBook(),
        // A second thread that waits for a busy core makes one token in a second.
        machine: { cores: 1, cpu: 'of a test', memoryBytes: totalmem() },
        ...more,
      });
      backends.push(backend);
      return backend;
    },
    stop: async () => {
      await Promise.all(backends.map((backend) => backend.dispose()));
      await child.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
