import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { connectionFailure, sendPinned } from './pinned-request.ts';

const pinned = (port: number, address = '127.0.0.1') => ({
  url: new URL(`http://localhost:${port}/x`),
  method: 'GET',
  headers: {},
  addresses: [{ address, family: 4 }] as const,
  clock: systemClock,
  signal: new AbortController().signal,
});

describe('sendPinned', () => {
  it('connects where it was told, whatever the name means, and follows nothing', async () => {
    const hosts: unknown[] = [];
    const server = createServer((request, response) => {
      hosts.push(request.headers.host);
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const url = new URL(`http://nowhere.invalid:${port}/x`);
      const response = await sendPinned({ ...pinned(port), url });
      response.destroy();
      expect(response.statusCode).toBe(302);
      expect(hosts).toEqual([`nowhere.invalid:${port}`]);
      // The server is there under this name, but not at the address that was judged.
      await expect(sendPinned(pinned(port, '127.0.0.2'))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('says in a word why there was no answer', () => {
    expect(connectionFailure(Object.assign(new Error('long'), { code: 'ECONNRESET' }))).toBe('ECONNRESET');
    expect(connectionFailure(new Error('no connection'))).toBe('no connection');
  });
});
