/** Owns the page realm of the bare engine: it starts the worker that holds it, and nothing else. */
import { wrap, type Remote } from 'comlink';
import { createTrustedWorker } from '../../../web/trusted-worker.ts';
import type { BareApi } from './inference-worker-bare.ts';
import workerUrl from './inference-worker-bare.ts?worker&url';

declare global {
  interface Window {
    bare: Remote<BareApi>;
  }
}

window.bare = wrap<BareApi>(createTrustedWorker(workerUrl, 'bare'));
