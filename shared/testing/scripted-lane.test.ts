import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { laneAcceptance, plain, readAll, resultOf } from './lane-acceptance.ts';
import { createScriptedLane, type ScriptedLane } from './scripted-lane.ts';

describe('scripted lane: acceptance', () => {
  const lane = createScriptedLane({ clock: systemClock, tokenDelayMs: 1 });
  const cases = laneAcceptance({
    open: async () => lane,
    kill: (it) => {
      (it as ScriptedLane).die();
    },
    embeds: true,
    takesAdapters: false,
    followsGrammar: false,
    longAnswerTokens: 8,
  });
  it.each(cases.map((one) => [one.name, one] as const))('%s', (_name, laneCase) => laneCase.run());
});

describe('scripted lane: observers', () => {
  it('keeps to its slots and shows them', async () => {
    const lane = createScriptedLane({ clock: systemClock, slots: 2, tokenDelayMs: 1 });
    const all = [1, 2, 3, 4].map(async (index) => readAll(lane.generate(plain(`${index}`, 4))));
    expect([lane.running, lane.waiting]).toEqual([2, 2]);
    await Promise.all(all);
    expect([lane.mostRunning, lane.running, lane.requests.length]).toEqual([2, 0, 4]);
  });

  it('cuts at maxTokens and says so', async () => {
    const lane = createScriptedLane({ clock: systemClock, answer: () => 'abcdefghij' });
    const result = resultOf(await readAll(lane.generate(plain('x', 2))));
    expect(result).toMatchObject({ text: 'abcdefgh', finishReason: 'length', completionTokens: 2 });
  });
});
