/** Owns the child process around llama.cpp: a crash of the engine, or of a model file in it, ends here. */
import * as v from 'valibot';
import { systemClock } from '../../shared/clock.ts';
import { AppError, toWireError } from '../../shared/errors.ts';
import { gpuBuildOf } from '../../shared/inference/gpu-builds.ts';
import {
  CHILD_GPU_VARIABLE,
  CHILD_THREADS_VARIABLE,
  ToChildSchema,
  type FromChild,
  type ToChild,
} from './child-messages.ts';
import { frameDeltas } from './frame-deltas.ts';
import type { Engine } from './engine.ts';

const MEMORY_EVERY_MS = 1_000;

async function main(): Promise<void> {
  // The parent is gone: end at once, whatever the engine is doing. There is nothing here to save.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  const engine = await start();
  if (!engine) return;
  const running = new Map<number, AbortController>();
  process.on('message', (raw) => {
    const message = v.safeParse(ToChildSchema, raw);
    if (message.success) receive(engine, running, message.output);
    else send({ kind: 'unavailable', reason: 'The companion sent a message that the engine does not know.' });
  });
  reportMemory();
  send({ kind: 'ready', release: engine.release });
}

/** The import is late: where the package has no binary for this machine, the parent hears why. */
async function start(): Promise<Engine | undefined> {
  try {
    const { startEngine } = await import('./engine.ts');
    return await startEngine({
      maxThreads: Number(process.env[CHILD_THREADS_VARIABLE]),
      gpu: gpuBuildOf(process.env[CHILD_GPU_VARIABLE]),
      clock: systemClock,
      onLog: (message) => process.stderr.write(`${message.trimEnd()}\n`),
    });
  } catch (error) {
    send({ kind: 'unavailable', reason: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}

function receive(engine: Engine, running: Map<number, AbortController>, message: ToChild): void {
  const { id } = message;
  if (message.kind === 'abort') {
    running.get(id)?.abort(new AppError('Aborted', 'The generation was stopped.'));
    return;
  }
  const aborter = new AbortController();
  running.set(id, aborter);
  answer(engine, message, aborter.signal)
    .catch((error: unknown) => {
      send({ kind: 'failed', id, error: toWireError(error, 'LaneDied') });
    })
    .finally(() => running.delete(id));
}

async function answer(
  engine: Engine,
  message: Exclude<ToChild, { kind: 'abort' }>,
  signal: AbortSignal,
): Promise<void> {
  const { id } = message;
  switch (message.kind) {
    case 'open': {
      const model = await engine.open(message.model, signal);
      // Before the answer, so that it is known of this very model.
      sendMemory();
      send({ kind: 'opened', id, model });
      return;
    }
    case 'generate':
      await engine.generate(
        message.request,
        frameDeltas((chunk) => {
          send({ kind: 'chunk', id, chunk });
        }, systemClock),
        signal,
        message.adapters,
      );
      return;
    case 'count':
      send({ kind: 'counted', id, tokens: engine.countPromptTokens(message.messages) });
      return;
    case 'embed':
      send({ kind: 'embedded', id, vector: Array.from(await engine.embed(message.text, signal)) });
      return;
  }
}

function reportMemory(): void {
  const timer = setInterval(sendMemory, MEMORY_EVERY_MS);
  timer.unref();
}

function sendMemory(): void {
  send({ kind: 'memory', residentBytes: process.memoryUsage.rss() });
}

function send(message: FromChild): void {
  // A parent that went away meanwhile is told by 'disconnect'; a failed send says the same.
  process.send?.(message, undefined, undefined, () => undefined);
}

await main();
