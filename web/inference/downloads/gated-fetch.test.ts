import { describe, expect, it } from 'vitest';
import { AppError, toWireError } from '../../../shared/errors.ts';
import { gatedFetch } from './gated-fetch.ts';

const ORIGIN = 'http://127.0.0.1:4747';
const FILE = 'https://huggingface.co/meta/llama/resolve/main/a.gguf';
const refusal = (code: 'SessionUnknown' | 'ModelGated'): Response =>
  new Response(JSON.stringify(toWireError(new AppError(code, 'words'))), { status: 403 });

/** `own` answers what is asked of the companion; its host refuses everything with `status`. */
function setUp(
  own: (url: string) => Response = () => new Response('bytes'),
  status = 401,
  isAway: () => boolean = () => false,
) {
  const asked: string[] = [];
  const paths: (string | undefined)[] = ['/gated/one', '/gated/two', '/gated/three'];
  const fetch = gatedFetch({
    fetchBytes: async (url) => {
      asked.push(url);
      return url.startsWith(ORIGIN) ? own(url) : new Response('', { status });
    },
    origin: ORIGIN,
    ticket: () =>
      isAway() ? Promise.reject(new AppError('BridgeDown', 'away')) : Promise.resolve(paths.shift()),
  });
  return { asked, paths, fetch: (url: string) => fetch(url, {}) };
}

describe('gatedFetch', () => {
  it.each([401, 403])('repeats what the host refuses with %i through the companion', async (status) => {
    const { fetch, asked } = setUp(undefined, status);
    expect(await (await fetch(FILE)).text()).toBe('bytes');
    const own = `${ORIGIN}/gated/one/meta/llama/resolve/main/a.gguf`;
    expect(asked).toEqual([FILE, own]);
    // The rest of that repository goes there at once, another one does not.
    await fetch(FILE);
    await fetch('https://huggingface.co/api/models/meta/llama/tree/main?recursive=true');
    expect(asked.slice(2)).toEqual([
      own,
      `${ORIGIN}/gated/one/api/models/meta/llama/tree/main?recursive=true`,
    ]);
    await fetch('https://huggingface.co/other/one/resolve/main/a.gguf');
    expect(asked[4]).toBe('https://huggingface.co/other/one/resolve/main/a.gguf');
  });

  it('asks the companion for nothing that its host gives, or that is of another host', async () => {
    for (const status of [200, 404, 500]) {
      const { fetch, asked } = setUp(undefined, status);
      expect((await fetch(FILE)).status).toBe(status);
      expect(asked).toEqual([FILE]);
    }
    const { fetch, asked } = setUp();
    for (const url of [
      'https://models.example/meta/llama/resolve/main/a.gguf',
      'https://huggingface.co.evil.example/meta/llama/resolve/main/a.gguf',
      'https://huggingface.co/settings/tokens',
    ])
      expect((await fetch(url)).status).toBe(401);
    expect(asked).toHaveLength(3);
  });

  it("leaves the host's own refusal where no token is kept, and looks again the next time", async () => {
    const { fetch, paths } = setUp();
    paths.unshift(undefined);
    expect((await fetch(FILE)).status).toBe(401);
    expect((await fetch(FILE)).status).toBe(200);
  });

  it('takes a new ticket once where the connection of the old one ended', async () => {
    let isOver = false;
    const { fetch, asked } = setUp((url) =>
      isOver && url.includes('/one/meta') ? refusal('SessionUnknown') : new Response('bytes'),
    );
    await fetch(FILE);
    isOver = true;
    expect(await (await fetch(FILE)).text()).toBe('bytes');
    expect(asked.at(-1)).toContain('/gated/two/');
    const never = setUp(() => refusal('SessionUnknown'));
    await expect(never.fetch(FILE)).rejects.toMatchObject({ code: 'SessionUnknown' });
    expect(never.asked).toHaveLength(2);
  });

  it('waits for a companion that is away, and asks nobody for a token that may be kept there', async () => {
    let isAway = true;
    const { fetch } = setUp(undefined, 401, () => isAway);
    await expect(fetch(FILE)).rejects.toMatchObject({ code: 'DownloadOffline' });
    isAway = false;
    expect((await fetch(FILE)).status).toBe(200);
    const dead = setUp(() => {
      throw new TypeError('Failed to fetch');
    });
    await expect(dead.fetch(FILE)).rejects.toMatchObject({
      code: 'DownloadOffline',
      message: expect.stringContaining('companion') as string,
    });
  });

  it('rejects with what the companion names', async () => {
    await expect(setUp(() => refusal('ModelGated')).fetch(FILE)).rejects.toMatchObject({
      code: 'ModelGated',
    });
    const odd = setUp(() => new Response('<p>', { status: 500 }));
    await expect(odd.fetch(FILE)).rejects.toMatchObject({ code: 'DownloadBusy' });
  });
});
