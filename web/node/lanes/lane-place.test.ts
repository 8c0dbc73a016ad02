import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { MAYA, setUp } from './lane-adapters-stage.ts';

describe('where the person wants thinking to be', () => {
  it('opens where the person chose, over restarts, and refuses a place that cannot serve', async () => {
    const { adapters, create, asked, ready, views, gpuLost } = await setUp();
    await adapters.build(MAYA);
    adapters.onDeviceLost();
    adapters.onDeviceLost();
    await adapters.takePlace('tab');
    await adapters.close();
    await adapters.build(MAYA);
    expect(gpuLost.at(-1)).toBe(false);
    expect(views.at(-1)).toMatchObject({ place: 'tab' });
    adapters.onDeviceLost();
    expect(adapters.onDeviceLost()).toMatchObject({
      kind: 'stop',
      told: { message: expect.stringContaining('you chose') },
    });
    ready.companionLane.available = false;
    await expect(adapters.takePlace('companion')).rejects.toMatchObject({ code: 'NoLane' });
    await (await create()).build(MAYA);
    expect(asked).toEqual([undefined, { lane: 'gguf', by: 'person' }, { lane: 'gguf', by: 'person' }]);
    Object.assign(ready, { forcedLane: 'gguf' });
    await expect(adapters.takePlace('auto')).rejects.toMatchObject({
      code: 'NoLane',
      message: expect.stringContaining('--lane gguf') as string,
    });
    await (await create()).build(MAYA);
    expect(asked.at(-1)).toEqual({ lane: 'gguf', by: 'start' });
    expect(views.at(-1)).toMatchObject({ chosenBecause: 'because' });
    await adapters.choose();
    expect(views.at(-1)).toMatchObject({ forcedLane: 'gguf', plannedLane: 'gguf' });
  });

  it('keeps no place that cannot be stored, and tells where a load was tried though another was chosen since', async () => {
    const { adapters, settings, notLoaded, fail } = await setUp();
    const put = settings.put.bind(settings);
    settings.put = () => Promise.reject(new AppError('StorageFailed', 'full'));
    await expect(adapters.takePlace('tab')).rejects.toMatchObject({ code: 'StorageFailed' });
    settings.put = put;
    fail(new AppError('ModelTooLarge', 'no memory'));
    const building = adapters.build(MAYA);
    await adapters.takePlace('tab');
    await expect(building).rejects.toMatchObject({ code: 'ModelTooLarge' });
    expect(notLoaded).toEqual([['offer', false, 'ModelTooLarge']]);
    await expect(adapters.build(MAYA)).rejects.toMatchObject({ code: 'ModelTooLarge' });
    expect(notLoaded.at(-1)).toEqual(['offer', false, 'ModelTooLarge', 'gguf']);
  });
});
