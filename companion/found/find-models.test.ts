import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findModels } from './find-models.ts';

const MIB = 1024 * 1024;
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'found-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function put(path: string, content: string | number): Promise<string> {
  const file = join(home, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, typeof content === 'number' ? Buffer.alloc(content) : content);
  return file;
}

async function found(env: Record<string, string> = {}): Promise<readonly string[]> {
  const models = await findModels({ home, env });
  return models.map(({ name, owner, sizeBytes }) => `${owner}: ${name}, ${sizeBytes / MIB} MiB`);
}

const manifest = (digest: string): string =>
  JSON.stringify({
    layers: [
      { mediaType: 'application/vnd.ollama.image.template', digest: `sha256:${'0'.repeat(64)}` },
      { mediaType: 'application/vnd.ollama.image.model', digest },
    ],
  });

describe('models that other programs hold', () => {
  it('are found where LM Studio, Ollama and Hugging Face keep them', async () => {
    await put('.lmstudio/models/someone/small-GGUF/small-q4.gguf', 2 * MIB);
    const blob = await put('.cache/huggingface/hub/models--a--b/blobs/abc', 3 * MIB);
    const snapshot = join(home, '.cache/huggingface/hub/models--a--b/snapshots/rev');
    await mkdir(snapshot, { recursive: true });
    await symlink(blob, join(snapshot, 'b.gguf'));
    const hash = 'e'.repeat(64);
    await put(`.ollama/models/blobs/sha256-${hash}`, 4 * MIB);
    await put('.ollama/models/manifests/registry.ollama.ai/library/tiny/latest', manifest(`sha256:${hash}`));
    expect(await found()).toEqual([
      'Hugging Face: b.gguf, 3 MiB',
      'LM Studio: small-q4.gguf, 2 MiB',
      'Ollama: tiny:latest, 4 MiB',
    ]);
  });

  it('are looked for where the environment says', async () => {
    await put('elsewhere/hub/models--a--b/snapshots/rev/b.gguf', 2 * MIB);
    await put('models/manifests/registry.ollama.ai/library/tiny/1b', manifest(`sha256:${'e'.repeat(64)}`));
    await put(`models/blobs/sha256-${'e'.repeat(64)}`, 2 * MIB);
    const env = { HF_HOME: join(home, 'elsewhere'), OLLAMA_MODELS: join(home, 'models') };
    expect(await found(env)).toEqual(['Hugging Face: b.gguf, 2 MiB', 'Ollama: tiny:1b, 2 MiB']);
  });

  it('are whole models only, each once, and nothing that a manifest of somebody points out of its place', async () => {
    const file = await put('.lmstudio/models/a/b/whole.gguf', 2 * MIB);
    await symlink(file, join(dirname(file), 'again.gguf'));
    await put('.lmstudio/models/a/b/part-00001-of-00002.gguf', 2 * MIB);
    await put('.lmstudio/models/a/b/mmproj-f16.gguf', 2 * MIB);
    await put('.lmstudio/models/a/b/tiny.gguf', 100);
    await put('.lmstudio/models/a/b/readme.md', 2 * MIB);
    await symlink(join(home, 'nowhere'), join(dirname(file), 'broken.gguf'));
    const library = '.ollama/models/manifests/registry.ollama.ai/library';
    await put(`${library}/evil/latest`, manifest('sha256:../../../etc/passwd'));
    await put(`${library}/broken/latest`, '{');
    await put(`${library}/gone/latest`, manifest(`sha256:${'f'.repeat(64)}`));
    const models = await found();
    expect(models).toHaveLength(1);
    expect(models[0]).toMatch(/^LM Studio: (whole|again)\.gguf, 2 MiB$/);
  });

  it('are none on a machine without such programs', async () => {
    expect(await found()).toEqual([]);
  });
});
