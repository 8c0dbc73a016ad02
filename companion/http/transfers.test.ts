import { writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readUntilClosed, startTarget, type Target, type TargetOptions } from '../../e2e/attacks/harness.ts';
import type { ModelOffer } from '../../shared/bridge/messages.ts';
import { AppError } from '../../shared/errors.ts';

const targets: Target[] = [];
afterEach(async () => {
  for (const target of targets.splice(0)) await target.stop();
});
async function start(options: TargetOptions): Promise<Target> {
  const target = await startTarget(options);
  targets.push(target);
  return target;
}

const TICKET = 'ticket-0123456789';
const OFFER: ModelOffer = {
  id: 'm',
  name: 'm',
  sizeBytes: 1,
  sha256: '',
  starter: false,
  path: '/models/m',
};

describe('GET /models/ID', () => {
  const startWithModel = async (): Promise<Target> => {
    let path = '';
    const target = await start({ shelf: { pathOf: (id) => (id === 'tiny' ? path : undefined) } });
    path = join(target.home, 'tiny.gguf');
    await writeFile(path, 'GGUF0123456789');
    return target;
  };

  it('streams the whole file, one range, or says that there is none', async () => {
    const { origin } = await startWithModel();
    const url = `${origin}/models/tiny`;
    const whole = await fetch(url);
    expect(whole.status).toBe(200);
    expect(whole.headers.get('content-length')).toBe('14');
    expect(whole.headers.get('accept-ranges')).toBe('bytes');
    expect(await whole.text()).toBe('GGUF0123456789');
    const part = await fetch(url, { headers: { range: 'bytes=4-6' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe('bytes 4-6/14');
    expect(await part.text()).toBe('012');
    const beyond = await fetch(url, { headers: { range: 'bytes=14-' } });
    expect(beyond.status).toBe(416);
    expect(beyond.headers.get('content-range')).toBe('bytes */14');
    const head = await fetch(url, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe('14');
  });

  it('sends the whole file when it changed since the first part', async () => {
    const { origin } = await startWithModel();
    const url = `${origin}/models/tiny`;
    const etag = (await fetch(url)).headers.get('etag') ?? '';
    const same = await fetch(url, { headers: { range: 'bytes=4-', 'if-range': etag } });
    expect(same.status).toBe(206);
    const changed = await fetch(url, { headers: { range: 'bytes=4-', 'if-range': '"other"' } });
    expect(changed.status).toBe(200);
  });

  it('knows no other ids, and answers own pages only', async () => {
    const { origin } = await startWithModel();
    for (const id of ['', 'other', '..%2ftiny', 'tiny%2f', 'constructor']) {
      const answer = await fetch(`${origin}/models/${id}`);
      expect(answer.status).toBe(404);
    }
    const foreign = await fetch(`${origin}/models/tiny`, { headers: { 'sec-fetch-site': 'same-site' } });
    expect(foreign.status).toBe(403);
  });
});

describe('GET /adapters/ID', () => {
  it('gives out what was offered, and nothing else, to own pages only', async () => {
    const paths = new Map<string, string>();
    const fileOf = (id: string) => {
      const path = paths.get(id);
      return path === undefined
        ? undefined
        : { path, sizeBytes: 14, header: { name: undefined, architecture: 'llama', provenance: undefined } };
    };
    const { origin, home } = await start({ adapters: { fileOf } });
    paths.set('poet', join(home, 'poet.gguf'));
    paths.set('gone', join(home, 'gone.gguf'));
    await writeFile(join(home, 'poet.gguf'), 'GGUF0123456789');
    expect(await (await fetch(`${origin}/adapters/poet`)).text()).toBe('GGUF0123456789');
    for (const id of ['', 'other', 'gone', '..%2fpoet', 'constructor']) {
      const answer = await fetch(`${origin}/adapters/${id}`);
      expect(answer.status).toBe(404);
    }
    const foreign = await fetch(`${origin}/adapters/poet`, { headers: { 'sec-fetch-site': 'same-site' } });
    expect(foreign.status).toBe(403);
  });
});

describe('PUT /uploads/TICKET', () => {
  it('streams the body to the shelf and answers with its offer', async () => {
    const received: Buffer[] = [];
    const { origin } = await start({
      shelf: {
        receiveUpload: async (ticket, body) => {
          expect(ticket).toBe(TICKET);
          for await (const chunk of body) received.push(Buffer.from(chunk));
          return OFFER;
        },
      },
    });
    const answer = await fetch(`${origin}/uploads/${TICKET}`, {
      method: 'PUT',
      headers: { origin },
      body: 'x'.repeat(300_000),
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual(OFFER);
    expect(Buffer.concat(received).length).toBe(300_000);
  });

  it('lets the refusal arrive although the body was not read', async () => {
    const { origin } = await start({
      shelf: {
        receiveUpload: async (_ticket, body) => {
          for await (const chunk of body) {
            if (chunk.length > 0) throw new AppError('ModelNotGguf', 'This is no GGUF file.');
          }
          return OFFER;
        },
      },
    });
    const answer = await fetch(`${origin}/uploads/${TICKET}`, {
      method: 'PUT',
      headers: { origin },
      body: new Uint8Array(8 * 1024 * 1024),
    });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ code: 'ModelNotGguf' });
  });

  it('lets it arrive at a client that reads only after all is sent, which a reset would rob of it', async () => {
    const sizeBytes = 16 * 1024 * 1024;
    const { origin, port } = await start({
      shelf: { receiveUpload: () => Promise.reject(new AppError('ModelNotGguf', 'This is no GGUF file.')) },
    });
    const socket = connect(port, '127.0.0.1');
    socket.pause();
    const head = [`PUT /uploads/${TICKET} HTTP/1.1`, `Host: 127.0.0.1:${port}`, `Origin: ${origin}`];
    socket.write([...head, `Content-Length: ${sizeBytes}`, '', ''].join('\r\n'));
    await new Promise((resolve) => {
      socket.write(Buffer.alloc(sizeBytes), resolve);
    });
    socket.resume();
    expect(await readUntilClosed(socket, 5_000)).toMatch(/^HTTP\/1\.1 422 /);
  });

  it('wants a ticket, an Origin and a length', async () => {
    const { origin } = await start({});
    const put = (path: string, headers: Record<string, string>) =>
      fetch(`${origin}${path}`, { method: 'PUT', headers, body: 'x' });
    expect((await put(`/uploads/${TICKET}`, {})).status).toBe(403);
    expect((await put('/uploads/short', { origin })).status).toBe(400);
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new Uint8Array(1));
        controller.close();
      },
    });
    // `duplex` is needed for a stream body and missing in the DOM's types.
    const init: RequestInit & { duplex: 'half' } = {
      method: 'PUT',
      headers: { origin },
      body,
      duplex: 'half',
    };
    expect((await fetch(`${origin}/uploads/${TICKET}`, init)).status).toBe(400);
  });

  const startPut = (target: Target, sizeBytes: number) => {
    const headers = { origin: target.origin, 'content-length': sizeBytes };
    const path = `/uploads/${TICKET}`;
    const request = httpRequest({ port: target.port, host: '127.0.0.1', method: 'PUT', path, headers });
    const ended = new Promise<void>((resolve) => request.on('error', () => resolve()));
    request.write('x');
    return { request, ended };
  };

  it('cuts a body that stalls: the shelf sees its iteration fail', async () => {
    let failure: unknown;
    const target = await start({
      limits: { uploadProgressMs: 100 },
      shelf: {
        receiveUpload: async (_ticket, body) => {
          try {
            for await (const chunk of body) expect(chunk.length).toBe(1);
          } catch (error) {
            failure = error;
          }
          return OFFER;
        },
      },
    });
    await startPut(target, 100_000).ended;
    await expect.poll(() => failure).toBeInstanceOf(Error);
  });

  it('aborts the shelf when the browser leaves', async () => {
    const aborts: unknown[] = [];
    const target = await start({
      shelf: {
        receiveUpload: async (_ticket, _body, signal) => {
          await new Promise<void>((resolve) => {
            signal.addEventListener('abort', () => resolve());
            put.request.destroy();
          });
          aborts.push(signal.reason);
          throw new AppError('Aborted', 'left');
        },
      },
    });
    const put = startPut(target, 1);
    await put.ended;
    await expect.poll(() => aborts).toMatchObject([{ code: 'Aborted' }]);
  });
});
