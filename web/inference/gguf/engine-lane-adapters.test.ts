import { describe, expect, it } from 'vitest';
import { plain, readAll } from '../../../shared/testing/lane-acceptance.ts';
import { GONE, answerLength, stage } from './engine-lane-stage.ts';

describe('engine lane with adapters', () => {
  const turn = (...ids: string[]) => ({
    ...plain('a', 4),
    adapters: ids.map((id) => ({ id, scale: 1 })),
  });

  it('loads the engine again for an adapter that it lacks, and only then', async () => {
    const { lane, seen } = await stage();
    for (const request of [turn(), turn('a'), turn(), turn('b'), turn('a'), turn('b', 'a')])
      await readAll(lane.generate(request));
    expect(seen.loaded).toEqual(['', 'a', 'a b']);
    expect(seen.requests.map(({ lora }) => lora?.map(({ scale }) => scale).join(' '))).toEqual([
      undefined,
      '1',
      '0',
      '0 1',
      '1 0',
      '1 1',
    ]);
  });

  it('uses again what it has read with one set, and warms up with it', async () => {
    const { lane, seen } = await stage();
    await readAll(lane.generate(turn('a')));
    await lane.warmup();
    await readAll(lane.generate(turn('a')));
    expect(seen.requests.map(({ cache_prompt }) => cache_prompt)).toEqual([undefined, undefined, undefined]);
    await lane.warmup(undefined, [{ role: 'user', content: 'the room' }]);
    await readAll(lane.generate(turn('a')));
    expect(seen.requests.slice(3).map(({ cache_prompt }) => cache_prompt)).toEqual([false, false]);
  });

  it('names what is gone or does not fit, tries a misfit once, and works on with what it had', async () => {
    const { lane, seen } = await stage({ misfits: ['wide'] });
    await readAll(lane.generate(turn('a')));
    await expect(readAll(lane.generate(turn(GONE)))).rejects.toMatchObject({ code: 'AdapterNotFound' });
    for (let round = 0; round < 2; round += 1)
      await expect(readAll(lane.generate(turn('wide')))).rejects.toMatchObject({ code: 'AdapterMismatch' });
    await readAll(lane.generate(turn('a')));
    await readAll(lane.generate(turn()));
    expect(seen.loaded).toEqual(['', 'a', 'a wide', 'a']);
  });

  it('tries one without memory once, and everybody else works on', async () => {
    const { lane, seen } = await stage({ heavy: (id) => id === 'heavy' });
    for (let round = 0; round < 3; round += 1) {
      await expect(readAll(lane.generate(turn('heavy')))).rejects.toMatchObject({
        code: 'ModelTooLarge',
        message: expect.stringContaining('adapter') as string,
      });
      await readAll(lane.generate(turn()));
    }
    expect(seen.loaded).toEqual(['', 'heavy', '']);
  });

  it('ends no turn for the adapter of another that cannot be loaded again', async () => {
    let deaths = 1;
    const { lane, seen } = await stage({
      heavy: (id, load) => id === 'a' && load > 2,
      answer: (request, onChunk) =>
        seen.requests.length === 2 && deaths-- > 0
          ? Promise.reject(new Error('(ABORT) out of bounds'))
          : answerLength(request, onChunk),
    });
    await readAll(lane.generate(turn('a')));
    await expect(readAll(lane.generate(turn()))).rejects.toMatchObject({ code: 'LaneDied' });
    await readAll(lane.generate(turn()));
    await readAll(lane.generate(turn()));
    expect(seen.loaded).toEqual(['', 'a', 'a', '']);
  });

  it('names what is wrong with an adapter also after the GPU went away, and finds the GPU again', async () => {
    let losses = 1;
    const { lane, logs } = await stage({
      onGpu: () => true,
      misfits: ['wide'],
      answer: (request, onChunk) => {
        if (losses-- <= 0) return answerLength(request, onChunk);
        logs.at(-1)?.logger.debug('Device lost! Reason: 1');
        return Promise.reject(new Error('(ABORT) '));
      },
    });
    await expect(readAll(lane.generate(turn()))).rejects.toMatchObject({ code: 'DeviceLost' });
    await expect(readAll(lane.generate(turn('wide')))).rejects.toMatchObject({ code: 'AdapterMismatch' });
    await readAll(lane.generate(turn()));
  });

  it('is born again with what it had', async () => {
    let deaths = 1;
    const { lane, seen } = await stage({
      answer: (request, onChunk) =>
        seen.requests.length === 2 && deaths-- > 0
          ? Promise.reject(new Error('(ABORT) out of memory'))
          : answerLength(request, onChunk),
    });
    await readAll(lane.generate(turn('a')));
    await expect(readAll(lane.generate(turn()))).rejects.toMatchObject({ code: 'LaneDied' });
    await readAll(lane.generate(turn()));
    expect(seen.loaded).toEqual(['', 'a', 'a']);
  });
});
