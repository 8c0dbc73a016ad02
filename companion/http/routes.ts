/** Owns the route table: path → who may ask, with which methods, and what answers. */
import { PATHS } from '../../shared/bridge/protocol.ts';
import type { AdapterShelf, ModelShelf } from '../llama/backend.ts';
import { sendText, type Exchange } from './exchange.ts';
import type { Reach } from './guard.ts';
import { serveGated, type GatedRouteDeps } from './gated-route.ts';
import { serveAdapter, serveModel } from './model-route.ts';
import { pair, type PairDeps } from './pair-route.ts';
import type { StaticManifest } from './static-manifest.ts';
import { serveStatic } from './static-route.ts';
import { receiveUpload } from './upload-route.ts';

export interface RouteDeps extends PairDeps {
  readonly manifest: StaticManifest;
  readonly shelf: Pick<ModelShelf, 'pathOf' | 'receiveUpload'>;
  readonly adapters: Pick<AdapterShelf, 'fileOf'>;
  readonly gated: GatedRouteDeps;
}

export interface Route {
  readonly reach: Reach;
  readonly methods: readonly string[];
  /** Answers, or rejects before it has. */
  readonly handle: (exchange: Exchange, deps: RouteDeps) => void | Promise<void>;
}

const PAGE: Route = {
  reach: 'page',
  methods: ['GET', 'HEAD'],
  handle: (exchange, { manifest }) => {
    serveStatic(exchange, manifest);
  },
};
const PAIR: Route = { reach: 'own-only', methods: ['POST'], handle: pair };
const MODEL: Route = {
  reach: 'own-only',
  methods: ['GET', 'HEAD'],
  handle: (exchange, { shelf }) => serveModel(exchange, shelf),
};
const GATED: Route = {
  reach: 'own-only',
  methods: ['GET', 'HEAD'],
  handle: (exchange, { gated }) => serveGated(exchange, gated),
};
const ADAPTER: Route = {
  reach: 'own-only',
  methods: ['GET', 'HEAD'],
  handle: (exchange, { adapters }) => serveAdapter(exchange, adapters),
};
const UPLOAD: Route = {
  reach: 'own-only',
  methods: ['PUT'],
  handle: (exchange, { shelf }) => receiveUpload(exchange, shelf),
};
/** Reached by a request that asks for no upgrade; the others go to the socket server. */
const SOCKET: Route = {
  reach: 'upgrade',
  methods: ['GET'],
  handle: (exchange) => {
    sendText(exchange, 426, 'This is a WebSocket.', { upgrade: 'websocket' });
  },
};

/** Every path has a route; what is no file of the page is answered 404 by the last one. */
export function routeOf(path: string): Route {
  if (path === PATHS.socket) return SOCKET;
  if (path === PATHS.pair) return PAIR;
  if (path.startsWith(PATHS.models)) return MODEL;
  if (path.startsWith(PATHS.uploads)) return UPLOAD;
  if (path.startsWith(PATHS.adapters)) return ADAPTER;
  if (path.startsWith(PATHS.gated)) return GATED;
  return PAGE;
}
