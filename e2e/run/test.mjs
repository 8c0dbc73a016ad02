#!/usr/bin/env node
/** Owns `npm test`: prepares what is missing, runs every runner, and closes with the sum over all of them. */
import { refuseOldNode } from '../../companion/launch/node-version.mjs';

if (!refuseOldNode()) {
  void import('./test-run.mjs').then(function (module) {
    return module.runAll(process.argv.slice(2));
  });
}
