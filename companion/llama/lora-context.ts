/** Owns putting LoRA adapters on an open model of llama.cpp, and taking their weights out of memory again. */
import { resolve } from 'node:path';
import type { LlamaContextOptions, LlamaModel } from 'node-llama-cpp';
import { AppError } from '../../shared/errors.ts';
import type { AdapterContext } from './adapter-contexts.ts';
import type { AdapterToLoad } from './child-messages.ts';

/** Rejects with `AdapterMismatch` for what the model cannot take, else with llama.cpp's own error or the signal's reason. */
export async function openLoraContext(
  model: LlamaModel,
  settings: LlamaContextOptions,
  adapters: readonly AdapterToLoad[],
  signal: AbortSignal,
): Promise<AdapterContext> {
  try {
    const context = await model.createContext({
      ...settings,
      lora: { adapters: adapters.map(({ path, scale }) => ({ filePath: path, scale })) },
      createSignal: signal,
      // A shorter one would not hold what the page has counted.
      failedCreationRemedy: false,
    });
    return { sequence: context.getSequence(), dispose: () => context.dispose() };
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error ? error.message : String(error);
    if (!cause.includes('LoRA adapter')) throw error;
    throw new AppError('AdapterMismatch', 'llama.cpp cannot put this adapter on this model.', {
      cause: error,
      detail: cause,
    });
  }
}

/**
 * The binding keeps the weights of every adapter as long as the model, and has no call to give them back; what it keeps
 * them in is not part of its types. Where that is no more, they stay until the model goes.
 */
export async function releaseLora(model: LlamaModel, path: string): Promise<void> {
  const loaded: unknown = Reflect.get(model, '_loraAdapters');
  if (!(loaded instanceof Map)) return;
  const key = resolve(path);
  const weights: unknown = loaded.get(key);
  if (!isDisposable(weights)) return;
  loaded.delete(key);
  await weights.dispose();
}

function isDisposable(value: unknown): value is { dispose(): Promise<void> } {
  return (
    typeof value === 'object' && value !== null && 'dispose' in value && typeof value.dispose === 'function'
  );
}
