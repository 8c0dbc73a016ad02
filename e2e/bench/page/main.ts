/** Owns the page realm of the benchmarks: it starts the worker that holds lane and bare engine, and nothing else. */
import { wrap, type Remote } from 'comlink';
import { createTrustedWorker } from '../../../web/trusted-worker.ts';
import type { BenchApi } from './inference-worker-bench.ts';
import workerUrl from './inference-worker-bench.ts?worker&url';

declare global {
  interface Window {
    bench: Remote<BenchApi>;
  }
}

window.bench = wrap<BenchApi>(createTrustedWorker(workerUrl, 'bench'));
