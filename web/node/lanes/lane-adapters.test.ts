import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { idleLane } from '../../../shared/testing/host-stand-ins.ts';
import { FORGIVEN_AFTER_MS } from './device-losses.ts';
import { MAYA, ROBIN, offer, setUp } from './lane-adapters-stage.ts';

describe('LaneAdapters', () => {
  it('plans, says why, and opens one lane for everybody', async () => {
    const { adapters, opened, views } = await setUp();
    expect(await adapters.choose()).toMatchObject({
      lane: 'companion',
      reason: expect.stringContaining('no WebGPU'),
    });
    await Promise.all([adapters.build(MAYA), adapters.build(ROBIN)]);
    expect(opened).toHaveLength(1);
    expect(views.at(-1)).toEqual({
      report: idleLane.report,
      chosenBecause: 'because',
      share: 1,
      place: 'auto',
      plannedLane: 'companion',
      forcedLane: undefined,
      speeds: {},
      queue: { running: [], waiting: [] },
    });
    expect(views.some((view) => view.progress?.what === 'Fetching')).toBe(true);
  });

  it('shows why a lane did not open, and tries again when asked again', async () => {
    const { adapters, views, fail, opened } = await setUp();
    fail(new AppError('ModelTruncated', 'cut'));
    await expect(adapters.build(MAYA)).rejects.toMatchObject({ code: 'ModelTruncated' });
    expect(views.at(-1)?.trouble).toMatchObject({ code: 'ModelTruncated', nextStep: expect.any(String) });
    fail(undefined);
    await adapters.build(MAYA);
    expect(opened).toHaveLength(2);
  });

  it('moves to a dropped file, and finds it again after a reload', async () => {
    const { adapters, create, opened, closed } = await setUp();
    await adapters.build(MAYA);
    await adapters.take({ kind: 'file', file: new File(['x'], 'mine.gguf') });
    await adapters.close();
    expect(closed()).toBe(1);
    await adapters.build(MAYA);
    await (await create()).build(MAYA);
    expect(opened.map((source) => source.kind)).toEqual(['offer', 'file', 'remembered']);
  });

  it('goes back to the model that works when the dropped one does not, and tells why', async () => {
    const { adapters, opened, views, fail, notLoaded } = await setUp();
    await adapters.take({ kind: 'file', file: new File(['x'], 'bad.gguf') });
    fail(new AppError('ModelUnsupported', 'no'), 'file');
    await adapters.build(MAYA);
    expect(opened.map((source) => source.kind)).toEqual(['file', 'offer']);
    expect(notLoaded).toEqual([['file', false, 'ModelUnsupported']]);
    expect(views.at(-1)).toMatchObject({
      report: idleLane.report,
      refusedModel: { code: 'ModelUnsupported', nextStep: expect.any(String) },
    });
    expect(views.at(-1)).not.toHaveProperty('progress');
    await adapters.take({ kind: 'file', file: new File(['x'], 'good.gguf') });
    await adapters.close();
    fail(undefined);
    await adapters.build(MAYA);
    expect(views.at(-1)).not.toHaveProperty('refusedModel');
  });

  it('leaves the lane in use alone when the header shows that the file cannot be one', async () => {
    const { adapters, opened, views, refuse, closed } = await setUp();
    await adapters.build(MAYA);
    refuse(new AppError('ModelNotGguf', 'no'));
    await expect(adapters.take({ kind: 'file', file: new File(['x'], 'poem.txt') })).rejects.toMatchObject({
      code: 'ModelNotGguf',
    });
    await adapters.build(MAYA);
    expect([opened.length, closed()]).toEqual([1, 0]);
    expect(views.at(-1)).toMatchObject({ report: idleLane.report, refusedModel: { code: 'ModelNotGguf' } });
  });

  it('leaves the lane in use alone when no load of the other model can succeed', async () => {
    const { adapters, opened, views, closed } = await setUp();
    await adapters.build(MAYA);
    const found = { id: 'f', name: 'huge.gguf', sizeBytes: 2 ** 40 };
    await expect(adapters.take({ kind: 'found', found })).rejects.toMatchObject({ code: 'ModelTooLarge' });
    await adapters.build(MAYA);
    expect([opened.length, closed()]).toEqual([1, 0]);
    expect(views.at(-1)?.refusedModel).toMatchObject({
      message: 'huge.gguf is too large: it needs about 1.3 TiB of 1 GiB in the companion.',
      nextStep: expect.stringContaining('smaller'),
    });
  });

  it('goes back to the model of the companion when that has lost the one that was opened, and tells so', async () => {
    const { adapters, create, opened, views, fail } = await setUp();
    await adapters.take({ kind: 'file', file: new File(['x'], 'mine.gguf') });
    await adapters.build(MAYA);
    fail(new AppError('ModelNotFound', 'gone'), 'remembered');
    await (await create()).build(MAYA);
    expect(views.at(-1)).toMatchObject({
      report: idleLane.report,
      refusedModel: { code: 'ModelNotFound' },
    });
    await (await create()).build(MAYA);
    expect(opened.map((source) => source.kind)).toEqual(['file', 'remembered', 'offer', 'offer']);
  });

  it('takes a newer --model over what was dropped before', async () => {
    const { adapters, create, opened, models } = await setUp();
    await adapters.take({ kind: 'file', file: new File(['x'], 'mine.gguf') });
    await adapters.build(MAYA);
    models[0] = offer('newer');
    await (await create()).build(MAYA);
    expect(opened.at(-1)).toEqual({ kind: 'offer', offer: offer('newer') });
  });

  it('goes on in the companion after the second loss of the GPU, until the person takes a model', async () => {
    const { adapters, opened, gpuLost } = await setUp();
    await adapters.build(MAYA);
    expect(adapters.onDeviceLost()).toEqual({ kind: 'again' });
    expect(adapters.onDeviceLost()).toMatchObject({
      kind: 'move',
      told: { code: 'DeviceLost', message: expect.stringContaining('The companion goes on') },
    });
    await adapters.close();
    expect(await adapters.choose()).toMatchObject({ reason: expect.stringContaining('went away twice') });
    await adapters.build(MAYA);
    await adapters.take({ kind: 'file', file: new File(['x'], 'mine.gguf') });
    await adapters.close();
    await adapters.build(MAYA);
    expect(gpuLost).toEqual([false, true, false]);
    expect(opened).toHaveLength(3);
  });

  it.each([
    ['no copy', { models: [offer('another')] }],
    ['no engine', { companionLane: { available: false, reason: 'no engine' } }],
    ['--lane gguf', { forcedLane: 'gguf' as const }],
  ])('stops everybody after the second loss, and says why: %s', async (why, change) => {
    const { adapters, ready } = await setUp();
    await adapters.build(MAYA);
    Object.assign(ready, change);
    expect(adapters.onDeviceLost().kind).toBe('again');
    expect(adapters.onDeviceLost()).toMatchObject({
      kind: 'stop',
      told: { code: 'DeviceLost', message: expect.stringContaining(why) },
    });
  });

  it('forgives a loss that is long ago', async () => {
    const { adapters, clock } = await setUp();
    await adapters.build(MAYA);
    adapters.onDeviceLost();
    await clock.advance(FORGIVEN_AFTER_MS + 1);
    expect(adapters.onDeviceLost().kind).toBe('again');
  });

  it('keeps the share over restarts, and shows what is at rest as such', async () => {
    const { adapters, create, views } = await setUp();
    await adapters.build(MAYA);
    await adapters.setShare(0.25);
    expect(views.at(-1)).toMatchObject({ share: 0.25, report: idleLane.report });
    await adapters.rest();
    expect(views.at(-1)).toEqual({ chosenBecause: '', share: 0.25, place: 'auto', isFreed: true });
    await adapters.build(MAYA);
    expect(views.at(-1)).toMatchObject({ share: 0.25, report: idleLane.report });
    expect(views.at(-1)).not.toHaveProperty('isFreed');
    await (await create()).build(MAYA);
    expect(views.at(-1)?.share).toBe(0.25);
  });

  it('has nothing to measure where no model is loaded', async () => {
    const { adapters } = await setUp();
    const { signal } = new AbortController();
    await expect(adapters.measure(signal)).rejects.toMatchObject({ code: 'NoLane' });
  });
});
