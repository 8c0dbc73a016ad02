import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import type { LaneProgress } from '../progress.ts';
import type { LaneBridge } from './lane-bridge.ts';
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

function upload(answer: () => Promise<Response>, signal = new AbortController().signal) {
  const seen: unknown[] = [];
  const bridge = {
    request: async (method: string, params: unknown) => {
      seen.push([method, params]);
      return { path: '/uploads/ticket' };
    },
  } as unknown as LaneBridge;
  const fetchBytes = async (path: unknown, init: RequestInit = {}): Promise<Response> => {
    seen.push([path, init.method, init.body]);
    return answer();
  };
  const progress: LaneProgress[] = [];
  const done = uploadModel(
    FILE,
    { bridge, fetchBytes: fetchBytes as typeof fetch },
    (p) => progress.push(p),
    signal,
  );
  return { done, seen, progress };
}

describe('model upload', () => {
  it('puts the file itself to the path of a ticket', async () => {
    const { done, seen, progress } = upload(async () => Response.json(OFFER));
    expect(await done).toEqual(OFFER);
    expect(seen).toEqual([
      ['uploadTicket', { name: 'mine.gguf', sizeBytes: FILE.size }],
      ['/uploads/ticket', 'PUT', FILE],
    ]);
    expect(progress.at(-1)).toMatchObject({ done: FILE.size, total: FILE.size, unit: 'bytes' });
  });

  it.each([
    [async () => Response.json({ code: 'ModelNotGguf', message: 'no' }, { status: 422 }), 'ModelNotGguf'],
    [async () => Response.json({ code: 'Whatever' }, { status: 500 }), 'ProtocolViolation'],
    [async () => new Response('<html>', { status: 502 }), 'BridgeDown'],
    [() => Promise.reject(new TypeError('Failed to fetch')), 'BridgeDown'],
  ])('names a refusal (%#)', async (answer, code) => {
    await expect(upload(answer).done).rejects.toMatchObject({ code });
  });

  it('is Aborted when it was stopped', async () => {
    const aborter = new AbortController();
    const { done } = upload(() => {
      aborter.abort();
      return Promise.reject(aborter.signal.reason as Error);
    }, aborter.signal);
    await expect(done).rejects.toBeInstanceOf(AppError);
    await expect(done).rejects.toMatchObject({ code: 'Aborted' });
  });
});
