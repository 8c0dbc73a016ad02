/** Owns the look at everything without which the engine's loading would hang instead of failing. */
import { AppError } from '../../../shared/errors.ts';

/** The smallest valid module: magic and version. */
const EMPTY_MODULE = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

/** Rejects with `BrowserUnsupported` or `LaneStartFailed`. `fetchCode` is the realm's fetch. */
export async function preflightEngine(wasmUrl: string, fetchCode: typeof fetch): Promise<void> {
  if (!('Suspending' in WebAssembly)) {
    throw new AppError('BrowserUnsupported', 'This browser cannot suspend WebAssembly (JSPI).');
  }
  try {
    await WebAssembly.compile(EMPTY_MODULE);
  } catch (cause) {
    throw new AppError('LaneStartFailed', 'This page may not run WebAssembly.', { cause });
  }
  const response = await fetchCode(wasmUrl).catch((cause: unknown) => {
    throw new AppError('LaneStartFailed', "The engine's code cannot be fetched.", { cause });
  });
  await response.body?.cancel();
  if (!response.ok) {
    throw new AppError('LaneStartFailed', `The engine's code cannot be fetched: HTTP ${response.status}.`);
  }
}
