#!/usr/bin/env node
/** Owns `npm start`: looks at the Node version before anything newer than that is even parsed. */
import { refuseOldNode } from './node-version.mjs';

if (!refuseOldNode()) {
  void import('./launch.mjs').then(function (module) {
    return module.launch('start');
  });
}
