import { describe, expect, it } from 'vitest';
import { AppError } from '../errors.ts';
import { readAll } from '../testing/lane-acceptance.ts';
import { chunkStream } from './chunk-stream.ts';

const never = new Promise<void>(() => undefined);
const delta = (text: string) => ({ kind: 'delta' as const, text });

describe('chunk stream', () => {
  it('hands chunks on in order and closes with the producer', async () => {
    const stream = chunkStream(async (push) => {
      push(delta('a'));
      await Promise.resolve();
      push(delta('b'));
    });
    expect(await readAll(stream)).toEqual([delta('a'), delta('b')]);
  });

  it('ends at once on abort, also when the producer does not', async () => {
    const aborter = new AbortController();
    let inner: AbortSignal | undefined;
    const reader = chunkStream(async (_push, signal) => {
      inner = signal;
      await never;
    }, aborter.signal).getReader();
    const read = reader.read();
    aborter.abort();
    await expect(read).rejects.toMatchObject({ code: 'Aborted' });
    expect(inner?.aborted).toBe(true);
  });

  it('aborts the producer when the reader leaves, and drops what it still pushes', async () => {
    let inner: AbortSignal | undefined;
    let survived = false;
    const stream = chunkStream(async (push, signal) => {
      inner = signal;
      push(delta('a'));
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
      });
      push(delta('late'));
      survived = true;
    });
    for await (const chunk of stream) {
      expect(chunk).toEqual(delta('a'));
      break;
    }
    expect(inner?.aborted).toBe(true);
    await expect.poll(() => survived).toBe(true);
  });

  it('keeps the code of what the producer throws, and names a foreign error', async () => {
    const failing = (error: Error) => readAll(chunkStream(() => Promise.reject(error)));
    await expect(failing(new AppError('GrammarInvalid', 'no'))).rejects.toMatchObject({
      code: 'GrammarInvalid',
    });
    await expect(failing(new TypeError('x'))).rejects.toMatchObject({ code: 'LaneDied' });
  });
});
