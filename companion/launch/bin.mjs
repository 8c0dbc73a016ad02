#!/usr/bin/env node
/** Owns `npx persona-node`: the same program; its commands for a running companion prepare nothing. */
import { refuseOldNode } from './node-version.mjs';

if (!refuseOldNode()) {
  void import('./launch.mjs').then(function (module) {
    return module.launch('bin');
  });
}
