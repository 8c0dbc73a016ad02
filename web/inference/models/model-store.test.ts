import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import type { LaneProgress } from '../progress.ts';
import type { ModelFiles } from './model-files.ts';
import type { FileSource } from './model-source.ts';
import { obtainModel } from './model-store.ts';

const BYTES = new TextEncoder().encode('GGUF: a model of forty-one bytes, no more');
const SHA = createHash('sha256').update(BYTES).digest('hex');
const OFFER = {
  id: 'd',
  name: 'tiny',
  sizeBytes: BYTES.length,
  sha256: SHA,
  starter: true,
  path: '/models/d',
};

/** Model files in memory, with the contract of the real ones. */
function memoryFiles(): ModelFiles & { readonly stored: Map<string, File> } {
  const stored = new Map<string, File>();
  return {
    stored,
    find: async (sha256) => stored.get(sha256),
    remove: async (sha256) => {
      stored.delete(sha256);
    },
    write: async ({ chunks, onBytes }, expected) => {
      const parts: Uint8Array<ArrayBuffer>[] = [];
      const hash = createHash('sha256');
      let written = 0;
      for await (const chunk of chunks) {
        parts.push(Uint8Array.from(chunk));
        hash.update(chunk);
        onBytes((written += chunk.length));
      }
      const sha256 = hash.digest('hex');
      if (expected !== undefined && sha256 !== expected) throw new AppError('ModelTruncated', 'hash differs');
      const file = new File(parts, `${sha256}.gguf`);
      const isNew = !stored.has(sha256);
      stored.set(sha256, file);
      return { sha256, file, isNew };
    },
  };
}

/** `body` null: the network fails. */
function stage(body: BodyInit | null = BYTES, status = 200) {
  const files = memoryFiles();
  const bundles = new Map<string, readonly File[]>();
  const fetches: unknown[] = [];
  const progress: LaneProgress[] = [];
  const fetchBytes = async (path: unknown): Promise<Response> => {
    fetches.push(path);
    if (body === null) throw new TypeError('Failed to fetch');
    return new Response(body, { status });
  };
  const checkHeader = async (file: Blob): Promise<void> => {
    if (!(await file.text()).startsWith('GGUF')) throw new AppError('ModelNotGguf', 'no');
  };
  const obtain = (source: FileSource) =>
    obtainModel(
      source,
      {
        files,
        bundles: { files: async (id) => bundles.get(id)?.map((file) => ({ file, sha256: '' })) },
        fetchBytes: fetchBytes as typeof fetch,
        checkHeader,
      },
      (step) => progress.push(step),
      new AbortController().signal,
    );
  return { obtain, files, bundles, fetches, progress };
}

describe('model store', () => {
  it('fetches an offer once, with progress in bytes', async () => {
    const { obtain, fetches, progress } = stage();
    const { files, model } = await obtain({ kind: 'offer', offer: OFFER });
    expect(files[0].size).toBe(BYTES.length);
    expect(model).toEqual({ name: 'tiny', sizeBytes: BYTES.length, sha256: SHA, starter: true });
    expect(progress.at(-1)).toMatchObject({ done: BYTES.length, total: BYTES.length, unit: 'bytes' });
    await obtain({ kind: 'offer', offer: OFFER });
    await obtain({ kind: 'remembered', model });
    expect(fetches).toEqual(['/models/d']);
  });

  it.each([
    ['cut', BYTES.slice(0, 20), 200, 'ModelTruncated'],
    ['other bytes', BYTES.map((byte) => byte ^ 1), 200, 'ModelTruncated'],
    ['gone', 'not here', 404, 'ModelNotFound'],
    ['unreachable', null, 200, 'BridgeDown'],
  ])('keeps nothing of a download that is %s', async (_name, body, status, code) => {
    const { obtain, files } = stage(body, status);
    await expect(obtain({ kind: 'offer', offer: OFFER })).rejects.toMatchObject({ code });
    expect(files.stored.size).toBe(0);
  });

  it('keeps a dropped file under its hash, and refuses one that is no model before copying it', async () => {
    const { obtain, files } = stage();
    const { model } = await obtain({ kind: 'file', file: new File([BYTES], 'mine.gguf') });
    expect(model).toMatchObject({ name: 'mine.gguf', sha256: SHA });
    await expect(obtain({ kind: 'file', file: new File(['hello'], 'notes.txt') })).rejects.toMatchObject({
      code: 'ModelNotGguf',
    });
    expect([...files.stored.keys()]).toEqual([SHA]);
  });

  it('has all files of a model of several, in their order, or none of it', async () => {
    const { obtain, bundles } = stage();
    const shards = [new File(['1'], 'a-00001-of-00002.gguf'), new File(['2'], 'a-00002-of-00002.gguf')];
    bundles.set('b', shards);
    const model = { name: 'a.gguf', sizeBytes: 2, sha256: 'ab', starter: false, bundle: { id: 'b' } };
    expect((await obtain({ kind: 'remembered', model })).files).toEqual(shards);
    bundles.clear();
    await expect(obtain({ kind: 'remembered', model })).rejects.toMatchObject({ code: 'ModelNotFound' });
  });

  it('names a remembered model that is gone', async () => {
    const { obtain } = stage();
    const model = { name: 'old.gguf', sizeBytes: 1, sha256: 'ff', starter: false };
    await expect(obtain({ kind: 'remembered', model })).rejects.toMatchObject({ code: 'ModelNotFound' });
  });
});
