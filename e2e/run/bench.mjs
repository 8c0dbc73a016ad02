#!/usr/bin/env node
/** Owns `npm run bench`: every benchmark prints its figure beside a baseline taken in the same run. */
import { refuseOldNode } from '../../companion/launch/node-version.mjs';

if (!refuseOldNode()) {
  void import('./bench-run.mjs').then(function (module) {
    return module.runBenchmarks(process.argv.slice(2));
  });
}
