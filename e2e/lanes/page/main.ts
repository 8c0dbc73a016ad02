/** Owns the page realm of the lane tests: it starts the worker that stands for the node worker, and nothing else. */
import { wrap, type Remote } from 'comlink';
import { createTrustedWorker } from '../../../web/trusted-worker.ts';
import type { LaneRigApi } from './lane-rig-worker.ts';
import workerUrl from './lane-rig-worker.ts?worker&url';

declare global {
  interface Window {
    /** A fresh worker realm per call: what one test leaves in memory does not reach the next. */
    startLaneRig(): Remote<LaneRigApi>;
    laneRig?: Remote<LaneRigApi>;
  }
}

window.startLaneRig = () => wrap<LaneRigApi>(createTrustedWorker(workerUrl, 'lane-rig'));
