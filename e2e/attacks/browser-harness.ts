/** Owns the attackers' pages: other loopback origins, and a browser that lets them try. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright';
import { launchChromium } from '../run/chromium.ts';

/**
 * Chrome's own gate between public and local addresses is off: it is a gift, not our defence, and other browsers lack
 * it. `evil.test` is a name its owner has rebound to loopback.
 */
export function launchAttackBrowser(): Promise<Browser> {
  return launchChromium([
    '--host-resolver-rules=MAP evil.test 127.0.0.1',
    '--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets',
  ]);
}

/** A server of the attacker's on another loopback port; answers everything with `html` and sets a cookie. */
export async function startForeignServer(
  html: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ origin: string; stop(): Promise<void> }> {
  const server = createServer((_request, response) => {
    response.writeHead(200, {
      'content-type': 'text/html',
      'set-cookie': 'session=stolen; SameSite=Strict',
      ...headers,
    });
    response.end(html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Opens a WebSocket in the page: `open`, or `refused` when it ended before it opened. */
export function tryWebSocket(frame: Pick<Page, 'evaluate'>, url: string): Promise<string> {
  return frame.evaluate(openWebSocket, url);
}

/** Runs in the page. */
export function openWebSocket(url: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.addEventListener('open', () => {
      resolve('open');
    });
    socket.addEventListener('error', () => {
      resolve('refused');
    });
  });
}

/** How often the guard refused with this status and reason, of the log lines so far. */
export function refusals(logLines: readonly string[], status: number, reason: string): number {
  const lines = logLines.map(
    (line) => JSON.parse(line) as { event: string; fields: Record<string, unknown> },
  );
  return lines.filter(
    ({ event, fields }) =>
      event === 'http.refused' && fields['status'] === status && fields['reason'] === reason,
  ).length;
}
