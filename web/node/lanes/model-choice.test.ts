import { describe, expect, it } from 'vitest';
import { createMemoryDisk, createMemoryStores } from '../../../shared/testing/memory-node-stores.ts';
import { createModelChoice } from './model-choice.ts';

const offer = (sha256: string, starter: boolean) => ({
  id: sha256,
  name: `${sha256}.gguf`,
  sizeBytes: 1,
  sha256,
  starter,
  path: `/models/${sha256}`,
});
const MINE = { name: 'mine.gguf', sizeBytes: 4, sha256: 'mine', starter: false };
const AT_SERVER = { id: 'endpoint:big', name: 'big', address: 'http://127.0.0.1:8080/v1' };

async function chosenInsteadOf(first: ReturnType<typeof offer>) {
  const { settings } = createMemoryStores(createMemoryDisk());
  const choice = createModelChoice(settings);
  await choice.remember({ kind: 'remembered', model: MINE }, [first]);
  return { choice, settings };
}

describe('the model of the next start', () => {
  it('is what the person opened, also after the project brought another starter', async () => {
    const { choice } = await chosenInsteadOf(offer('starter 1', true));
    for (const name of ['starter 1', 'starter 2'])
      expect(await choice.source([offer(name, true)])).toEqual({ kind: 'remembered', model: MINE });
  });

  it('is a model of several files, with what its lane has to know of it', async () => {
    const { choice } = await chosenInsteadOf(offer('starter 1', true));
    const mlc = { library: 'x.wasm', contextTokens: 512, needsF16: true };
    for (const bundle of [{ id: 'folder', mlc }, { id: 'shards' }]) {
      await choice.remember({ kind: 'remembered', model: { ...MINE, bundle } }, [offer('starter 1', true)]);
      expect(await choice.source([offer('starter 1', true)])).toEqual({
        kind: 'remembered',
        model: { ...MINE, bundle },
      });
    }
  });

  it("is the one of the person's own server that they chose last", async () => {
    const { choice } = await chosenInsteadOf(offer('starter 1', true));
    await choice.remember({ kind: 'endpoint', model: AT_SERVER }, [offer('starter 1', true)]);
    expect(await choice.source([offer('starter 2', true)])).toEqual({ kind: 'endpoint', model: AT_SERVER });
    expect(await choice.source([offer('other', false)])).toMatchObject({ kind: 'offer' });
  });

  it('is what the companion was started with since, and the starter again once that is forgotten', async () => {
    const { choice } = await chosenInsteadOf(offer('starter 1', true));
    expect(await choice.source([offer('other', false)])).toMatchObject({ kind: 'offer' });
    await choice.forget();
    expect(await choice.source([offer('starter 1', true)])).toMatchObject({ kind: 'offer' });
  });

  it('is read from a row of the time before there was a starter', async () => {
    const { choice, settings } = await chosenInsteadOf(offer('other', false));
    const { name, sizeBytes, sha256 } = MINE;
    await settings.put('model', { model: { name, sizeBytes, sha256, plumbing: false }, insteadOf: 'other' });
    expect(await choice.source([offer('other', false)])).toEqual({ kind: 'remembered', model: MINE });
  });
});
