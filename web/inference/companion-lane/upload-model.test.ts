import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import type { LaneProgress } from '../progress.ts';
import type { LaneBridge } from './lane-bridge.ts';
import type { PutFile } from './put-file.ts';
import { uploadModel } from './upload-model.ts';

const FILE = new File(['GGUF and more'], 'mine.gguf');
const OFFER = {
  id: 'u1',
  name: 'mine.gguf',
  sizeBytes: FILE.size,
  sha256: 'ab',
  starter: false,
  path: '/models/u1',
};

function upload(put: PutFile) {
  const seen: unknown[] = [];
  const bridge = {
    request: async (method: string, params: unknown) => {
      seen.push([method, params]);
      return { path: '/uploads/ticket' };
    },
  } as unknown as LaneBridge;
  const putFile: PutFile = (path, file, ...more) => {
    seen.push([path, file]);
    return put(path, file, ...more);
  };
  const progress: LaneProgress[] = [];
  const done = uploadModel(
    FILE,
    { bridge, putFile },
    (told) => progress.push(told),
    new AbortController().signal,
  );
  return { done, seen, progress };
}

describe('model upload', () => {
  it('puts the file itself to the path of a ticket, and tells how much is sent', async () => {
    const { done, seen, progress } = upload((_path, { size }, onSent) => {
      onSent(4);
      onSent(size + 100);
      return Promise.resolve(OFFER);
    });
    expect(await done).toEqual(OFFER);
    expect(seen).toEqual([
      ['uploadTicket', { name: 'mine.gguf', sizeBytes: FILE.size }],
      ['/uploads/ticket', FILE],
    ]);
    expect(progress.map(({ done: sent }) => sent)).toEqual([0, 4, FILE.size, FILE.size]);
  });

  it.each([
    [() => Promise.resolve({ code: 'ModelNotGguf', message: 'no' }), 'ModelNotGguf'],
    [() => Promise.resolve({ code: 'Whatever' }), 'ProtocolViolation'],
    [() => Promise.reject(new AppError('BridgeDown', 'gone')), 'BridgeDown'],
    [() => Promise.reject(new AppError('Aborted', 'stopped')), 'Aborted'],
  ] as const)('names a refusal (%#)', async (answer, code) => {
    await expect(upload(answer).done).rejects.toMatchObject({ code });
  });
});
