/** Owns finding the GGUF files that other programs of this person already hold, where these keep them. */
import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { FoundModel } from '../../shared/bridge/found-models.ts';

/** With the file behind it, which no page learns. */
export interface FoundFile extends FoundModel {
  readonly path: string;
}

export interface Places {
  /** The person's home folder. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Of all programs together; also of folders that are looked into. */
const MAX_FOUND = 200;
const MAX_FOLDERS = 5_000;
/** publisher / repository / file, and what Hugging Face puts between. */
const MAX_DEPTH = 5;
const MIN_BYTES = 1024 * 1024;
const MAX_MANIFEST_BYTES = 256 * 1024;

/** Parts of a model in several files, and what looks at images: neither can be opened alone. */
const NO_WHOLE_MODEL = /-\d{5}-of-\d{5}\.gguf$|mmproj/i;

/** Never rejects: what cannot be read is not found. */
export async function findModels({ home, env }: Places): Promise<readonly FoundFile[]> {
  const cache = env['HF_HUB_CACHE'] ?? join(env['HF_HOME'] ?? join(home, '.cache', 'huggingface'), 'hub');
  const found = [
    ...(await ggufFiles(join(home, '.lmstudio', 'models'), 'LM Studio')),
    ...(await ggufFiles(join(home, '.cache', 'lm-studio', 'models'), 'LM Studio')),
    ...(await ggufFiles(cache, 'Hugging Face')),
    ...(await ollamaModels(env['OLLAMA_MODELS'] ?? join(home, '.ollama', 'models'))),
  ];
  // One file under two names is one model.
  const byPath = new Map(found.toReversed().map((model) => [model.path, model]));
  return [...byPath.values()].toSorted((a, b) => a.name.localeCompare(b.name)).slice(0, MAX_FOUND);
}

async function ggufFiles(folder: string, owner: FoundModel['owner']): Promise<readonly FoundFile[]> {
  const found: FoundFile[] = [];
  let folders = 0;
  const look = async (at: string, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH || (folders += 1) > MAX_FOLDERS) return;
    for (const entry of await entriesOf(at)) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) await look(path, depth + 1);
      else if (entry.name.endsWith('.gguf') && !NO_WHOLE_MODEL.test(entry.name)) {
        const model = await fileAt(path, entry.name, owner);
        if (model) found.push(model);
      }
    }
  };
  await look(folder, 0);
  return found;
}

const ManifestSchema = v.object({
  layers: v.array(
    v.object({ mediaType: v.string(), digest: v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/)) }),
  ),
});

/** It keeps files under their hash, and says in a manifest per name which one is the model. */
async function ollamaModels(folder: string): Promise<readonly FoundFile[]> {
  const found: FoundFile[] = [];
  const library = join(folder, 'manifests', 'registry.ollama.ai', 'library');
  for (const { name } of await entriesOf(library))
    for (const { name: tag } of await entriesOf(join(library, name))) {
      const manifest = await readManifest(join(library, name, tag));
      const layer = manifest?.layers.find(({ mediaType }) => mediaType.endsWith('.image.model'));
      if (!layer) continue;
      const blob = join(folder, 'blobs', layer.digest.replace(':', '-'));
      const model = await fileAt(blob, `${name}:${tag}`, 'Ollama');
      if (model) found.push(model);
    }
  return found;
}

async function readManifest(path: string): Promise<v.InferOutput<typeof ManifestSchema> | undefined> {
  try {
    if ((await stat(path)).size > MAX_MANIFEST_BYTES) return undefined;
    const parsed = v.safeParse(
      v.pipe(v.string(), v.parseJson(), ManifestSchema),
      await readFile(path, 'utf8'),
    );
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

async function fileAt(
  link: string,
  name: string,
  owner: FoundModel['owner'],
): Promise<FoundFile | undefined> {
  try {
    const path = await realpath(link);
    const found = await stat(path);
    if (!found.isFile() || found.size < MIN_BYTES) return undefined;
    const id = createHash('sha256').update(path).digest('hex').slice(0, 32);
    return { id, name: name.slice(0, 256), sizeBytes: found.size, owner, path };
  } catch {
    return undefined;
  }
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}
