import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { randomLora } from '../../../e2e/models/random-lora.ts';
import { AppError } from '../../../shared/errors.ts';
import { createAdapterFiles, MAX_KEPT_BYTES, type KeptAdapter } from './adapter-files.ts';
import type { AdapterFolder } from './adapter-folder.ts';

const NEVER = new AbortController().signal;
const bytes = randomLora();
const id = createHash('sha256').update(bytes).digest('hex');

/** A folder in memory; `kept` lies in it by size only. */
function stage(options: { answer?: () => Response | Promise<Response>; kept?: readonly KeptAdapter[] } = {}) {
  const stored = new Map<string, File>();
  const seen = { paths: [] as string[], removed: [] as string[] };
  const folder: AdapterFolder = {
    find: (wanted) => Promise.resolve(stored.get(wanted)),
    remove: (gone) => {
      seen.removed.push(gone);
      return Promise.resolve();
    },
    write: async ({ chunks }, expected) => {
      const parts: Uint8Array<ArrayBuffer>[] = [];
      for await (const chunk of chunks) parts.push(Uint8Array.from(chunk));
      const sha256 = createHash('sha256').update(Buffer.concat(parts)).digest('hex');
      if (sha256 !== expected) throw new AppError('ModelTruncated', 'other bytes');
      const file = new File(parts, `${sha256}.gguf`);
      stored.set(sha256, file);
      return { sha256, file, isNew: true };
    },
    list: () => Promise.resolve(options.kept ?? []),
  };
  const obtain = createAdapterFiles({
    folder,
    fetchBytes: (path) => {
      seen.paths.push(typeof path === 'string' ? path : 'no path');
      return Promise.resolve((options.answer ?? (() => new Response(bytes)))());
    },
    model: { name: 'm', architecture: 'llama' },
  });
  return { obtain, seen };
}

describe('the files of adapters in this browser', () => {
  it('come from the companion by their hash, once, also for two at once', async () => {
    const { obtain, seen } = stage();
    const [first] = await Promise.all([obtain(id, NEVER), obtain(id, NEVER)]);
    expect(first.size).toBe(bytes.length);
    await obtain(id, NEVER);
    expect(seen.paths).toEqual([`/adapters/${id}`]);
  });

  it.each([
    ['is not given out', () => new Response('no', { status: 404 }), 'AdapterNotFound'],
    ['has other bytes now', () => new Response(bytes.subarray(1)), 'AdapterNotFound'],
    ['cannot be had', () => Promise.reject(new TypeError('failed to fetch')), 'BridgeDown'],
    [
      'breaks off',
      () =>
        new Response(
          new ReadableStream({
            pull: (controller) => {
              controller.error(new TypeError('network error'));
            },
          }),
        ),
      'BridgeDown',
    ],
  ])('say by name that one %s', async (_, answer, code) => {
    await expect(stage({ answer }).obtain(id, NEVER)).rejects.toMatchObject({ code });
  });

  it('refuse what is for another kind of model', async () => {
    const foreign = randomLora({ architecture: 'qwen2' });
    const foreignId = createHash('sha256').update(foreign).digest('hex');
    const { obtain } = stage({ answer: () => new Response(foreign) });
    await expect(obtain(foreignId, NEVER)).rejects.toMatchObject({
      code: 'AdapterMismatch',
      message: expect.stringContaining('"qwen2"'),
    });
  });

  it('go, the first fetched first, when they take more than there is room for', async () => {
    const kept = [
      { id: 'newer', sizeBytes: MAX_KEPT_BYTES / 2, writtenMs: 2 },
      { id, sizeBytes: bytes.length, writtenMs: 0 },
      { id: 'oldest', sizeBytes: MAX_KEPT_BYTES / 2, writtenMs: 1 },
    ];
    const { obtain, seen } = stage({ kept });
    await obtain(id, NEVER);
    expect(seen.removed).toEqual(['oldest']);
  });
});
