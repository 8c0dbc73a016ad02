import { describe, expect, it } from 'vitest';
import type { FoundModel } from '../../../shared/bridge/found-models.ts';
import type { Ready } from '../../../shared/bridge/protocol.ts';
import { AppError } from '../../../shared/errors.ts';
import { idleLane } from '../../../shared/testing/host-stand-ins.ts';
import { createMemoryDisk, createMemoryStores } from '../../../shared/testing/memory-node-stores.ts';
import { VirtualClock } from '../../../shared/testing/virtual-clock.ts';
import type { FinishedDownload } from '../../inference/downloads/finished-download.ts';
import type { KnownModel } from '../../inference/models/model-source.ts';
import type { StoredBundle } from '../../inference/models/stored-bundles.ts';
import type { OnLaneProgress } from '../../inference/progress.ts';
import type { ModelsView } from '../view.ts';
import { ModelLibrary } from './model-library.ts';

const FETCHED: FinishedDownload = { name: 'big.gguf', sizeBytes: 9, sha256: 'big', verified: 'host' };
const OFFER = { id: 'd', name: 'starter', sizeBytes: 1, sha256: 'default', starter: true, path: '/models/d' };
const BIG: KnownModel = {
  kind: 'remembered',
  model: { name: 'big.gguf', sizeBytes: 9, sha256: 'big', starter: false },
};
const STARTER: KnownModel = {
  kind: 'remembered',
  model: { name: 'starter', sizeBytes: 1, sha256: 'default', starter: true },
};

const fit = { verdict: 'tight', words: 'needs about 3 GiB of 4 GiB here' } as const;

const BUNDLE: StoredBundle = {
  id: 'folder',
  name: 'compiled',
  sizeBytes: 70,
  sha256: 'bundle',
  checked: 'none',
  kind: {
    of: 'mlc',
    facts: { library: 'x.wasm', contextTokens: 512, needsF16: false },
    needs: { contextTokens: 512 },
  },
  fileCount: 7,
};

function setUp() {
  const settings = createMemoryStores(createMemoryDisk()).settings;
  const files = new Set(['big']);
  const bundles: StoredBundle[] = [];
  const checks: unknown[] = [];
  const found: FoundModel[] = [];
  const learned: unknown[] = [];
  const offers = [OFFER];
  const views: ModelsView[] = [];
  const outcome: {
    download: () => Promise<FinishedDownload>;
    check: () => Promise<number>;
    copy: (file: File, onProgress: OnLaneProgress) => Promise<unknown>;
  } = {
    download: async () => FETCHED,
    check: async () => 0,
    copy: async (file) => offers.push({ ...OFFER, id: file.name, sha256: 'big' }),
  };
  const create = (): ModelLibrary =>
    new ModelLibrary({
      settings,
      files: async () => ({
        find: async (sha256) => (files.has(sha256) ? new File([], sha256) : undefined),
        remove: async (sha256) => {
          files.delete(sha256);
        },
      }),
      bundles: {
        list: async () => [...bundles],
        files: async () => undefined,
        remove: async (id) => {
          bundles.splice(
            bundles.findIndex((each) => each.id === id),
            1,
          );
        },
      },
      downloads: {
        open: async () => undefined,
        start: () => outcome.download(),
        resume: () => outcome.download(),
        check: (...asked) => {
          checks.push(asked);
          return outcome.check();
        },
        pause: async () => undefined,
        remove: async () => undefined,
        close: () => undefined,
      },
      clock: new VirtualClock(),
      endpoint: () => undefined,
      found: async () => found,
      ready: () => ({ models: offers }) as unknown as Ready,
      copyToCompanion: (file, onProgress) => outcome.copy(file, onProgress),
      fits: {
        withFits: async (stored) => stored.map((model) => ({ ...model, fit })),
        compiled: async () => [],
        suggested: async () => [{ address: 'https://models.example/one.gguf', fit }],
        loaded: async ({ model }) => void learned.push(model.name),
        failed: async (source, { isGpuLost }, error) =>
          void learned.push([source.kind, isGpuLost, error.code]),
      },
      freeBytes: async () => 1_000,
      onChange: (view) => views.push(view),
    });
  const stored = () =>
    views.at(-1)?.stored.map(({ name, place, checked, inUse }) => [name, place, checked, inUse]);
  return { create, files, bundles, checks, found, learned, outcome, views, stored };
}

describe('the library of models', () => {
  it('shows what is in this browser beside what the companion has, also after a reload', async () => {
    const { create, stored } = setUp();
    await create().download('https://models.example/big.gguf');
    const later = create();
    await later.open();
    expect(stored()).toEqual([
      ['starter', 'companion', 'none', false],
      ['big.gguf', 'browser', 'host', false],
    ]);
    expect(await later.source('big')).toMatchObject({ kind: 'remembered', model: { name: 'big.gguf' } });
    expect(await later.source('default')).toEqual({ kind: 'offer', offer: OFFER });
    await expect(later.source('gone')).rejects.toMatchObject({ code: 'ModelNotFound' });
  });

  it('tells of every model whether it fits, also while one is copied', async () => {
    const { create, outcome, views } = setUp();
    const library = create();
    await library.download('https://models.example/big.gguf');
    expect(views.at(-1)?.stored.map((model) => model.fit)).toEqual([fit, fit]);
    expect(views.at(-1)?.suggested).toMatchObject([{ fit }]);
    outcome.copy = async (_file, onProgress) => {
      onProgress({ what: 'Copying', done: 4, total: 9, unit: 'bytes' });
      expect(views.at(-1)?.stored[1]).toMatchObject({ fit, copying: { done: 4 } });
    };
    await library.copy('big');
  });

  it('copies one to the companion, telling how far it is, and once however often it is asked', async () => {
    const { create, outcome, views } = setUp();
    const library = create();
    await library.download('https://models.example/big.gguf');
    const big = () => views.at(-1)?.stored.find(({ id }) => id === 'big');
    expect(big()?.isCopied).toBe(false);
    const { copy } = outcome;
    const names: string[] = [];
    outcome.copy = async (file, onProgress) => {
      names.push(file.name);
      onProgress({ what: 'Copying', done: 4, total: 9, unit: 'bytes' });
      await library.copy('big');
      await expect(library.remove('big')).rejects.toMatchObject({ code: 'LaneBusy' });
      expect(big()?.copying).toMatchObject({ done: 4 });
      return copy(file, onProgress);
    };
    await library.copy('big');
    expect(names).toEqual(['big.gguf']);
    expect(big()).toMatchObject({ isCopied: true });
    expect(big()).not.toHaveProperty('copying');
    outcome.copy = () => Promise.reject(new AppError('StorageFailed', 'full'));
    await expect(library.copy('big')).rejects.toMatchObject({ code: 'StorageFailed' });
    expect(big()).not.toHaveProperty('copying');
    await expect(library.copy('gone')).rejects.toMatchObject({ code: 'ModelNotFound' });
  });

  it('has a model of several files as long as the disk has all of them, and frees them all', async () => {
    const { create, bundles, checks, outcome, views, stored } = setUp();
    const library = create();
    bundles.push(BUNDLE);
    outcome.download = async () => ({ ...FETCHED, sha256: 'bundle', bundle: 'folder' });
    await library.download('https://models.example/compiled/');
    expect(stored()).toEqual([
      ['starter', 'companion', 'none', false],
      ['compiled', 'browser', 'none', false],
    ]);
    expect(views.at(-1)?.stored[1]).toMatchObject({ fileCount: 7, sizeBytes: 70 });
    const source = await library.source('bundle');
    const bundle = { id: 'folder', mlc: { library: 'x.wasm' } };
    expect(source).toMatchObject({ kind: 'remembered', model: { name: 'compiled', bundle } });
    await expect(library.copy('bundle')).rejects.toMatchObject({ code: 'ModelUnsupported' });
    await library.check('bundle');
    expect(checks).toEqual([['bundle', 'folder']]);
    await library.using(source as KnownModel, idleLane.report);
    expect(stored()?.[1]).toEqual(['compiled', 'browser', 'none', true]);
    await expect(library.remove('bundle')).rejects.toMatchObject({ code: 'LaneBusy' });
    await library.using(STARTER, idleLane.report);
    await library.remove('bundle');
    expect([bundles.length, stored()?.length]).toEqual([0, 1]);
  });

  it('forgets a file that the browser no longer has', async () => {
    const { create, files, stored } = setUp();
    await create().download('https://models.example/big.gguf');
    files.clear();
    await create().open();
    expect(stored()).toHaveLength(1);
  });

  it('deletes one that nobody thinks with, and no other', async () => {
    const { create, files, stored } = setUp();
    const library = create();
    await library.download('https://models.example/big.gguf');
    await library.using(BIG, idleLane.report);
    expect(stored()?.[1]).toEqual(['big.gguf', 'browser', 'host', true]);
    await expect(library.remove('big')).rejects.toMatchObject({ code: 'LaneBusy' });
    expect(files.has('big')).toBe(true);
    await library.using(STARTER, idleLane.report);
    await library.remove('big');
    expect([files.size, stored()?.length]).toEqual([0, 1]);
  });

  it('tells of a check what it mended, and checks nothing that anybody thinks with', async () => {
    const { create, files, outcome, views } = setUp();
    const library = create();
    await library.download('https://models.example/big.gguf');
    outcome.check = async () => 2;
    await library.check('big');
    expect(views.at(-1)?.stored[1]).toMatchObject({ lastCheck: { healedChunks: 2 } });
    outcome.check = () => {
      files.delete('big');
      return Promise.reject(new AppError('ModelTruncated', 'damaged'));
    };
    await expect(library.check('big')).rejects.toMatchObject({ code: 'ModelTruncated' });
    expect(views.at(-1)?.stored).toHaveLength(1);
    files.add('big');
    outcome.check = () => Promise.reject(new AppError('ModelNotFound', 'dropped'));
    await expect(library.check('big')).rejects.toMatchObject({ code: 'ModelNotFound' });
    await library.using(BIG, idleLane.report);
    await expect(library.check('big')).rejects.toMatchObject({ code: 'LaneBusy' });
  });

  it('takes a pause for no failure, and tells every other', async () => {
    const { create, outcome } = setUp();
    const library = create();
    outcome.download = () => Promise.reject(new AppError('Aborted', 'paused'));
    await library.resume('x');
    outcome.download = () => Promise.reject(new AppError('DownloadChanged', 'newer'));
    await expect(library.resume('x')).rejects.toMatchObject({ code: 'DownloadChanged' });
  });

  it('shows why a download does not go on, with the next step', () => {
    const { create, views } = setUp();
    create().onDownloads([
      {
        id: 'x',
        name: 'big.gguf',
        origin: 'https://models.example',
        sizeBytes: 9,
        doneBytes: 3,
        phase: 'paused',
        error: { code: 'DownloadOffline', message: 'no answer' },
      },
    ]);
    expect(views.at(-1)?.downloads).toMatchObject([
      {
        doneBytes: 3,
        trouble: { code: 'DownloadOffline', nextStep: expect.stringContaining('resume') as string },
      },
    ]);
  });
});

describe('what the library learns of fits', () => {
  it('is told of every load, and of those that failed, and shown anew', async () => {
    const { create, learned, views } = setUp();
    const library = create();
    await library.using(STARTER, idleLane.report);
    const shown = views.length;
    await library.notLoaded(BIG, { isGpuLost: true }, new AppError('ModelTooLarge', 'no memory'));
    expect(learned).toEqual(['starter', ['remembered', true, 'ModelTooLarge']]);
    expect(views.length).toBeGreaterThan(shown);
  });
});
