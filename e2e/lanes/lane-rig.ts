/** Owns the stage of the lane tests: a build of the rig page, a server with the companion's own headers, a browser. */
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { securityHeaders } from '../../companion/http/headers.ts';

export interface LaneRig {
  readonly origin: string;
  /** Files of the build, by their served path. */
  readonly folder: string;
  /** Happens before an answer is given to this path. */
  before: ((pathname: string) => Promise<void>) | undefined;
  stop(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

export interface LaneRigOptions {
  /** Folder of the page; that of the lane tests unless told. */
  readonly page?: URL;
  /** False leaves COEP out, as a foreign host would. */
  readonly isolated?: boolean;
  /** Served paths that are answered 404. */
  readonly withhold?: RegExp;
  /** What stands in every policy in the place of the companion's own words. */
  readonly policy?: (companions: string) => string;
}

/** `models`: served path → file. */
export async function startLaneRig(
  models: ReadonlyMap<string, string>,
  {
    page = new URL('page', import.meta.url),
    isolated = true,
    withhold,
    policy = (same) => same,
  }: LaneRigOptions = {},
): Promise<LaneRig> {
  const folder = await mkdtemp(join(tmpdir(), 'lane-rig-'));
  await build({
    configFile: false,
    logLevel: 'error',
    root: fileURLToPath(page),
    worker: { format: 'es', rollupOptions: { output: { entryFileNames: 'assets/[name]-[hash].js' } } },
    build: { outDir: folder, emptyOutDir: true, target: 'esnext', assetsInlineLimit: 0, minify: false },
  });
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://rig');
    const file = models.get(pathname) ?? join(folder, pathname === '/' ? 'index.html' : pathname);
    void (async () => {
      await rig.before?.(pathname);
      const found = await stat(file).catch(() => undefined);
      if (!found?.isFile() || withhold?.test(pathname)) {
        response.writeHead(404).end();
        return;
      }
      const { 'cross-origin-embedder-policy': coep, ...headers } = securityHeaders(pathname);
      response.writeHead(200, {
        'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
        'content-length': found.size,
        ...headers,
        'content-security-policy': policy(headers['content-security-policy'] ?? ''),
        ...(isolated && coep !== undefined ? { 'cross-origin-embedder-policy': coep } : {}),
      });
      await pipeline(createReadStream(file), response).catch(() => undefined);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const rig: LaneRig = {
    before: undefined,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    folder,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
  return rig;
}

/** While `work` runs, the inference worker begins with `script`, which takes away what another browser does not have. */
export async function withoutInWorker(
  rig: LaneRig,
  script: string,
  work: () => Promise<void>,
): Promise<void> {
  const assets = join(rig.folder, 'assets');
  const name = (await readdir(assets)).find((each) => /^inference-worker-.*\.js$/.test(each)) ?? '';
  const own = await readFile(join(assets, name), 'utf8');
  await writeFile(join(assets, name), script + own);
  try {
    await work();
  } finally {
    await writeFile(join(assets, name), own);
  }
}
