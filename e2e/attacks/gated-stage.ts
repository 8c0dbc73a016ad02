/** Owns the stage of the attacks on gated models: a companion with a token, its page's ticket, and a host that tests script. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sendPinned, type PinnedRequest } from '../../companion/endpoint/pinned-request.ts';
import { GatedModels } from '../../companion/gated/gated-models.ts';
import { GatedTickets } from '../../companion/gated/gated-tickets.ts';
import { GatedToken } from '../../companion/gated/gated-token.ts';
import { systemClock } from '../../shared/clock.ts';
import { systemRandom } from '../../shared/random.ts';
import { startTarget, type Target } from './harness.ts';

export const TOKEN = 'hf_SecretSecretSecret1234';
export const COMMIT = '9217f5db79a29953eb74d5343926648285ec7e67';
export const FILE = `/meta/llama/resolve/${COMMIT}/model.gguf`;
export const BYTES = 'GGUF0123456789';

export type Serve = (request: IncomingMessage, response: ServerResponse, host: string) => void;

export interface GatedStage {
  readonly target: Target;
  /** What would leave this machine: every request as it was sent to judged addresses. */
  readonly asked: readonly PinnedRequest[];
  /** Where names point to; a place on the internet for those that are not here. */
  readonly addresses: Map<string, readonly string[]>;
  /** How the host, whatever it is called, answers. */
  serve: Serve;
  /** Of the page that is connected. */
  readonly ticket: string;
  /** The page's socket ends. */
  leave(): void;
  stop(): Promise<void>;
}

/** As Hugging Face does: the file lies elsewhere, under an address that is signed. */
export const serveFile: Serve = (request, response, host) => {
  if (host === 'huggingface.co') {
    if (request.headers.authorization === `Bearer ${TOKEN}`)
      redirectTo('https://cas-bridge.xethub.hf.co/signed')(request, response, host);
    else response.writeHead(401).end();
    return;
  }
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  const part = first === undefined ? BYTES : BYTES.slice(Number(first), Number(last) + 1);
  response.writeHead(first === undefined ? 200 : 206, {
    'content-length': part.length,
    'content-type': 'text/javascript',
    'set-cookie': 'a=b',
    etag: '"one"',
    ...(first !== undefined && { 'content-range': `bytes ${first}-${last}/${BYTES.length}` }),
  });
  response.end(request.method === 'HEAD' ? undefined : part);
};

export const redirectTo =
  (location: string): Serve =>
  (_request, response) => {
    response.writeHead(302, { location }).end();
  };

/** A loopback server answers in place of every host that is asked. */
export async function startGatedStage(): Promise<GatedStage> {
  const asked: PinnedRequest[] = [];
  const addresses = new Map<string, readonly string[]>();
  const server = createServer((request, response) => {
    stage.serve(request, response, String(request.headers['x-host']));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const tickets = new GatedTickets(systemRandom);
  const models = new GatedModels({
    token: new GatedToken(TOKEN, () => Promise.resolve()),
    lookup: (host) =>
      Promise.resolve((addresses.get(host) ?? ['93.184.216.34']).map((address) => ({ address }))),
    send: (wanted) => {
      asked.push(wanted);
      return sendPinned({
        ...wanted,
        url: new URL(`http://127.0.0.1:${port}${wanted.url.pathname}`),
        headers: { ...wanted.headers, 'x-host': wanted.url.host },
        addresses: [{ address: '127.0.0.1', family: 4 }],
      });
    },
    clock: systemClock,
  });
  const target = await startTarget({ gated: { tickets, models } });
  const page = new AbortController();
  const stage: GatedStage = {
    target,
    asked,
    addresses,
    serve: serveFile,
    ticket: tickets.issue(page.signal),
    leave: () => {
      page.abort();
    },
    stop: async () => {
      await target.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return stage;
}

export function urlOf({ target, ticket }: GatedStage, path: string, own = ticket): string {
  return `${target.origin}/gated/${own}${path}`;
}

export async function codeOf(answer: Response): Promise<unknown> {
  return ((await answer.json()) as { code: unknown }).code;
}

/** The first lines of a raw request. */
export function rawTarget({ target, ticket }: GatedStage, path: string): readonly string[] {
  return [`GET /gated/${ticket}${path} HTTP/1.1`, `Host: 127.0.0.1:${target.port}`];
}
