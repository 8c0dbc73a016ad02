/** Owns the plumbing model as a file outside git, for companions that are started with `--model`. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { plumbingModel } from './plumbing-model.ts';

const FILE = fileURLToPath(new URL('../../.e2e/models/plumbing.gguf', import.meta.url));

/** The path of the file, which is written anew when it is missing or its generator has changed. */
export async function plumbingFile(): Promise<string> {
  const bytes = plumbingModel();
  const present = await readFile(FILE).catch((_missing: unknown) => undefined);
  if (present?.equals(bytes)) return FILE;
  await mkdir(new URL('../../.e2e/models/', import.meta.url), { recursive: true });
  // Several runners may do this at once: each puts a whole file in place.
  const part = `${FILE}.${process.pid}`;
  await writeFile(part, bytes);
  await rename(part, FILE);
  return FILE;
}
