/** Owns a model file whose answer takes seconds, for whoever has to break in while somebody writes. */
import { writeFile } from 'node:fs/promises';
import { randomModel } from './random-model.ts';

/** Writes it to `path`: random weights that decide to speak and never end their text by themselves, about 30 MB. */
export async function writeSlowModel(path: string): Promise<void> {
  const shape = { layers: 6, width: 512, heads: 8, cacheHeads: 8, hidden: 1024, contextTokens: 4096 };
  await writeFile(path, randomModel({ seed: 3, type: 'F16', shape, avoids: 'f' }));
}
