import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createStoredCaches } from './stored-cache.ts';

const FOLDER = 'http://here/stored/abc/resolve/main/';
const file = (name: string, content: string, kept = content) => ({
  file: new File([kept], name),
  sha256: createHash('sha256').update(content).digest('hex'),
});

function stage() {
  return createStoredCaches(FOLDER, [
    file('tensor-cache.json', '{"records":[]}'),
    file('params_shard_0.bin', 'weights', 'weighst'),
  ]);
}

describe('what web-llm finds of a model that we fetched', () => {
  it('is every file under the address that it asks for, in whichever cache', async () => {
    for (const name of ['webllm/model', 'webllm/config', 'webllm/wasm']) {
      const cache = await stage().open(name);
      const asked = await cache.match(new Request(`${FOLDER}tensor-cache.json`));
      expect(await asked?.json()).toEqual({ records: [] });
      expect((await cache.keys()).map(({ url }) => url)).toEqual([
        `${FOLDER}tensor-cache.json`,
        `${FOLDER}params_shard_0.bin`,
      ]);
    }
  });

  it('is no byte that is not the one that was verified', async () => {
    const asked = await (await stage().open('webllm/model')).match(`${FOLDER}params_shard_0.bin`);
    await expect(asked?.arrayBuffer()).rejects.toMatchObject({
      code: 'ModelTruncated',
      message: expect.stringContaining('params_shard_0.bin') as string,
    });
  });

  it.each([
    [new RangeError('Array buffer allocation failed'), 'ModelTooLarge'],
    [new DOMException('gone', 'NotFoundError'), 'ModelNotFound'],
  ])('is named where %s keeps it from being read', async (cause, code) => {
    const kept = file('tensor-cache.json', '{}');
    kept.file.arrayBuffer = () => Promise.reject(cause);
    const asked = await (
      await createStoredCaches(FOLDER, [kept]).open('webllm/model')
    ).match(`${FOLDER}tensor-cache.json`);
    await expect(asked?.arrayBuffer()).rejects.toMatchObject({ code });
  });

  it('is nothing from elsewhere, by name', async () => {
    const cache = await stage().open('webllm/model');
    const request = new Request(`${FOLDER}added_tokens.json`);
    expect(await cache.match(request)).toBeUndefined();
    await expect(cache.add(request)).rejects.toMatchObject({
      code: 'ModelUnsupported',
      message: expect.stringContaining('asks for added_tokens.json') as string,
    });
  });
});
