/** Owns what a whole bundle is known by: a split model as everywhere else, a compiled one within this browser. */
import { createSHA256 } from 'hash-wasm';
import { AppError } from '../../../shared/errors.ts';
import { oneFile } from '../models/one-file.ts';
import type { BundleFolder } from './bundle-store.ts';
import type { FinishedFile } from './download-job.ts';
import { toHex } from './manifest.ts';

/**
 * Of a split GGUF the SHA-256 of the one file that its shards join to, as the companion counts it; of a compiled model
 * that of its files' names and hashes. Rejects with `ModelIncomplete` where the shards are not of one model, `ModelNotFound`
 * where one is gone, or `Aborted`.
 */
export async function bundleHashOf(
  { plan, files: stored }: Pick<BundleFolder, 'plan' | 'files'>,
  finished: readonly FinishedFile[],
  onBytes: (doneBytes: number) => void,
  signal: AbortSignal,
): Promise<string> {
  switch (plan.kind.of) {
    case 'mlc': {
      const text = finished.map(({ manifest, sha256 }) => `${sha256} ${manifest.name}`).join('\n');
      return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
    }
    case 'split': {
      const shards: File[] = [];
      for (const { manifest, finishedAs } of finished) {
        const file = await stored.find(finishedAs);
        if (!file) throw new AppError('ModelNotFound', `${manifest.name} is not in this browser any more.`);
        shards.push(new File([file], manifest.name));
      }
      return hashOf(await oneFile(shards), onBytes, signal);
    }
  }
}

async function hashOf(
  file: Blob,
  onBytes: (doneBytes: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const hash = await createSHA256();
  const reader = file.stream().getReader();
  let doneBytes = 0;
  try {
    for (;;) {
      if (signal.aborted) throw new AppError('Aborted', 'The download was paused.', { cause: signal.reason });
      const { done, value } = await reader.read();
      if (done) return hash.digest('hex');
      hash.update(value);
      onBytes((doneBytes += value.length));
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
