/** Owns the real server of the attack tests: a tiny page, a paired session, raw sockets, and everything that was logged. */
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import type { AdapterShelf, ModelShelf } from '../../companion/llama/backend.ts';
import type { GatedRouteDeps } from '../../companion/http/gated-route.ts';
import type { HttpLimits } from '../../companion/http/limits.ts';
import { HTTP_LIMITS } from '../../companion/http/limits.ts';
import { startHttpServer, type HttpServer } from '../../companion/http/server.ts';
import { Pairing } from '../../companion/sessions/pairing.ts';
import { openSessionStore, type SessionStore } from '../../companion/sessions/session-store.ts';
import { toBase64Url } from '../../shared/base64url.ts';
import { BRIDGE_VERSION } from '../../shared/bridge/limits.ts';
import type { Link } from '../../shared/bridge/link.ts';
import { sessionProof } from '../../shared/bridge/messages.ts';
import { systemClock, type Clock } from '../../shared/clock.ts';
import { createLogger } from '../../shared/log.ts';
import { systemRandom } from '../../shared/random.ts';

export const PAGE_TITLE = 'Persona Node under attack';

export interface Target {
  readonly server: HttpServer;
  readonly origin: string;
  readonly port: number;
  readonly home: string;
  readonly staticDir: string;
  readonly sessions: SessionStore;
  readonly pairing: Pairing;
  /** Every finished log line as JSON. */
  readonly logLines: string[];
  /** Links that authenticated, oldest first. They echo what they receive. */
  readonly links: Link[];
  stop(): Promise<void>;
}

export interface TargetOptions {
  readonly clock?: Clock;
  readonly limits?: Partial<HttpLimits>;
  readonly approvedHosts?: readonly string[];
  readonly shelf?: Partial<Pick<ModelShelf, 'pathOf' | 'receiveUpload'>>;
  readonly adapters?: Pick<AdapterShelf, 'fileOf'>;
  readonly files?: Readonly<Record<string, string>>;
  readonly gated?: GatedRouteDeps;
  readonly onSession?: (link: Link) => void;
}

export async function startTarget(options: TargetOptions = {}): Promise<Target> {
  const home = await mkdtemp(join(tmpdir(), 'persona-node-attack-'));
  const staticDir = join(home, 'web');
  await mkdir(join(staticDir, 'assets'), { recursive: true });
  const files: Record<string, string> = {
    'index.html': `<!doctype html><title>${PAGE_TITLE}</title><script type="module" src="/assets/page-1.js"></script>`,
    'assets/page-1.js': 'export {};',
    'assets/node-worker-1.js': 'postMessage(1);',
    'assets/inference-worker-1.js': 'postMessage(1);',
    ...options.files,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(staticDir, name), text);

  const clock = options.clock ?? systemClock;
  const logLines: string[] = [];
  const log = createLogger((line) => logLines.push(JSON.stringify(line)), clock);
  const sessions = await openSessionStore({
    file: join(home, 'sessions.json'),
    clock,
    random: systemRandom,
    log,
  });
  const pairing = new Pairing({ clock, random: systemRandom, log });
  const links: Link[] = [];
  const server = await startHttpServer({
    port: 0,
    staticDir,
    sessions,
    pairing,
    shelf: {
      pathOf: () => undefined,
      receiveUpload: () => Promise.reject(new Error('no upload expected')),
      ...options.shelf,
    },
    adapters: options.adapters ?? { fileOf: () => undefined },
    hosts: { list: () => options.approvedHosts ?? [] },
    gated: options.gated ?? {
      tickets: { find: () => undefined },
      models: { fetch: () => Promise.reject(new Error('no gated model expected')) },
    },
    onSession: (link) => {
      links.push(link);
      link.onMessage = (text) => {
        link.send(text);
      };
      link.send('ready');
      options.onSession?.(link);
    },
    clock,
    random: systemRandom,
    log,
    signal: new AbortController().signal,
    limits: { ...HTTP_LIMITS, ...options.limits },
  });
  return {
    server,
    origin: server.origin,
    port: Number(new URL(server.origin).port),
    home,
    staticDir,
    sessions,
    pairing,
    logLines,
    links,
    stop: async () => {
      await server.close();
      await sessions.settled();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Sends bytes as they are and resolves with all that comes back until the server closes, or `waitMs` pass. */
export async function rawExchange(port: number, request: string, waitMs = 5_000): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(request, 'latin1');
  return readUntilClosed(socket, waitMs);
}

export async function readUntilClosed(socket: Socket, waitMs: number): Promise<string> {
  let text = '';
  socket.setEncoding('latin1');
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, waitMs);
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  socket.destroy();
  return text;
}

/** The status of a raw request made of a request line and header lines; `Connection: close` is added. */
export async function rawStatus(port: number, lines: readonly string[], body = ''): Promise<number> {
  const answer = await rawExchange(port, [...lines, 'Connection: close', '', body].join('\r\n'));
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
}

/** A browser's session key, as the page would hold it. */
export interface Keys {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

export async function makeKeys(): Promise<Keys> {
  const pair = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
  return {
    publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)),
    sign: async (message) =>
      new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, Uint8Array.from(message))),
  };
}

/** Posts a pairing request the way the page does; overrides for wrong ones. */
export async function postPair(
  target: Pick<Target, 'origin'>,
  body: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(`${target.origin}/api/pair`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: target.origin, ...headers },
    body: JSON.stringify({ version: BRIDGE_VERSION, label: 'a test', ...body }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {},
  };
}

export async function pairOnce(target: Target): Promise<{ sessionId: string; keys: Keys }> {
  const keys = await makeKeys();
  const { code } = target.server.issuePairing();
  const { body } = await postPair(target, { code, publicKey: toBase64Url(keys.publicKey) });
  return { sessionId: String(body['sessionId']), keys };
}

/** A socket's life as an attacker sees it: what came, and how it ended. */
export interface Probe {
  readonly socket: WebSocket;
  readonly messages: string[];
  /** Resolves with the n-th message (from 0), or rejects when the socket closed before it came. */
  message(index: number): Promise<string>;
  readonly closed: Promise<{ code: number; reason: string }>;
}

export function openProbe(target: Pick<Target, 'origin'>, headers: Record<string, string> = {}): Probe {
  const socket = new WebSocket(`${target.origin.replace('http', 'ws')}/bridge`, {
    headers: { origin: target.origin, ...headers },
    perMessageDeflate: false,
  });
  const messages: string[] = [];
  const waiting = new Set<() => void>();
  let end: { code: number; reason: string } | undefined;
  const wake = (): void => {
    for (const one of waiting) one();
  };
  socket.on('message', (data: Buffer) => {
    messages.push(data.toString());
    wake();
  });
  socket.on('error', () => undefined);
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      end = { code, reason: reason.toString() };
      resolve(end);
      wake();
    });
  });
  return {
    socket,
    messages,
    closed,
    message: (index) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const message = messages[index];
          if (message === undefined && end === undefined) return;
          waiting.delete(look);
          if (message === undefined) reject(new Error(`closed ${end?.code} ${end?.reason}`));
          else resolve(message);
        };
        waiting.add(look);
        look();
      }),
  };
}

export async function nonceOf(probe: Probe): Promise<string> {
  return (JSON.parse(await probe.message(0)) as { nonce: string }).nonce;
}

/** The greeting a page would send on this socket. */
export async function greeting(
  target: Pick<Target, 'origin'>,
  who: { sessionId: string; keys: Keys },
  nonce: string,
): Promise<string> {
  const signature = await who.keys.sign(sessionProof(target.origin, nonce, who.sessionId));
  return JSON.stringify({
    type: 'authenticate',
    version: BRIDGE_VERSION,
    sessionId: who.sessionId,
    signature: toBase64Url(signature),
  });
}

/** Opens and authenticates a socket; its first message after the challenge is the harness's `ready`. */
export async function openReady(target: Target, who: { sessionId: string; keys: Keys }): Promise<Probe> {
  const probe = openProbe(target);
  probe.socket.send(await greeting(target, who, await nonceOf(probe)));
  await probe.message(1);
  return probe;
}
