import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { backendLane } from '../../e2e/models/backend-lane.ts';
import { startLlamaRig, type LlamaRig } from '../../e2e/models/llama-rig.ts';
import { laneAcceptance } from '../../shared/testing/lane-acceptance.ts';

let rig: LlamaRig;
beforeAll(async () => {
  rig = await startLlamaRig();
});
afterAll(() => rig.stop());

describe('llama.cpp in a child process, as a lane', () => {
  const cases = laneAcceptance({
    open: async () => backendLane(await rig.start(), 'random'),
    kill: () => {
      for (const pid of childPids(rig.childEntry)) process.kill(pid, 'SIGKILL');
    },
    embeds: true,
    takesAdapters: true,
    followsGrammar: true,
    longAnswerTokens: 64,
  });
  for (const one of cases) it(one.name, () => one.run());
});

function childPids(entry: string): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,args=']).toString().split('\n');
  return lines.filter((line) => line.includes(entry)).map((line) => Number.parseInt(line, 10));
}
