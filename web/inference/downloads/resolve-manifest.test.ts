import { describe, expect, it } from 'vitest';
import { resolveManifest } from './resolve-manifest.ts';

const COMMIT = '9217f5db79a29953eb74d5343926648285ec7e67';
const SHA = 'ca59ca7f13d0e15a8cfa77bd17e65d24f6844b554a7b6c12e07a5f89ff76844e';

/** A host by its answers; what is not there is answered 404. */
function resolve(address: string, answers: Readonly<Record<string, unknown>>) {
  const asked: string[] = [];
  const fetchBytes = (url: string, { method = 'GET' }: RequestInit): Promise<Response> => {
    asked.push(`${method} ${url}`);
    const answer = answers[url];
    if (answer instanceof Response) return Promise.resolve(answer);
    return Promise.resolve(
      answer === undefined ? new Response('', { status: 404 }) : new Response(JSON.stringify(answer)),
    );
  };
  return { asked, manifest: resolveManifest(address, fetchBytes, new AbortController().signal) };
}

const API = 'https://huggingface.co/api/models/Qwen/Tiny-GGUF';
const PAGE = 'https://huggingface.co/Qwen/Tiny-GGUF';

describe('what is behind an address', () => {
  it.each(['resolve', 'blob'])(
    'is pinned on Hugging Face, whose /%s/ address is of a moving branch',
    async (kind) => {
      const { manifest } = resolve(`${PAGE}/${kind}/main/q8/tiny one.gguf?download=true`, {
        [`${API}/revision/main`]: { sha: COMMIT, siblings: [] },
        [`${API}/tree/${COMMIT}/q8`]: [
          { type: 'file', path: 'q8/other.gguf', size: 3 },
          {
            type: 'file',
            path: 'q8/tiny one.gguf',
            size: 300,
            lfs: { oid: SHA, size: 300, pointerSize: 134 },
          },
        ],
      });
      expect(await manifest).toEqual({
        url: `${PAGE}/resolve/${COMMIT}/q8/tiny%20one.gguf`,
        name: 'tiny one.gguf',
        sizeBytes: 300,
        revision: COMMIT,
        sha256: SHA,
      });
    },
  );

  it('is what the head of any other address says', async () => {
    const url = 'https://models.example/a/b.gguf';
    const headers = { 'content-length': '5', etag: '"strong"' };
    const { manifest, asked } = resolve(url, { [url]: new Response(null, { headers }) });
    expect(await manifest).toEqual({ url, name: 'b.gguf', sizeBytes: 5, etag: '"strong"' });
    expect(asked).toEqual([`HEAD ${url}`]);
  });

  it.each([
    ['has no such file', `${PAGE}/resolve/main/none.gguf`, 'DownloadRefused'],
    ['answers nonsense', `${PAGE}/resolve/odd/none.gguf`, 'DownloadRefused'],
    ['knows no such repository', 'https://huggingface.co/a/b/resolve/main/c.gguf', 'DownloadRefused'],
    ['is not there', 'https://models.example/none.gguf', 'DownloadRefused'],
    ['does not say how large it is', 'https://models.example/endless.gguf', 'DownloadRefused'],
    ['answers with a page', 'https://models.example/login', 'DownloadRefused'],
    ['is asked without TLS', 'http://models.example/a.gguf', 'ArgumentInvalid'],
    ['is a file of this machine', 'file:///etc/passwd', 'ArgumentInvalid'],
    ['is asked with a password', 'https://me:secret@models.example/a.gguf', 'ArgumentInvalid'],
    ['is no address', 'a model please', 'ArgumentInvalid'],
  ])('is refused by name when the host %s', async (_why, address, code) => {
    const { manifest } = resolve(address, {
      [`${API}/revision/main`]: { sha: COMMIT },
      [`${API}/tree/${COMMIT}`]: [],
      [`${API}/revision/odd`]: { sha: '../../etc' },
      'https://models.example/endless.gguf': new Response(null),
      'https://models.example/login': new Response(null, {
        headers: { 'content-type': 'text/html', 'content-length': '9' },
      }),
    });
    await expect(manifest).rejects.toMatchObject({ code });
  });
});
