import { describe, expect, it } from 'vitest';
import type { MethodName, MethodParams } from '../../../shared/bridge/protocol.ts';
import { systemClock } from '../../../shared/clock.ts';
import { AppError } from '../../../shared/errors.ts';
import { MAX_EMBED_CHARS } from '../../../shared/inference/embedding.ts';
import { laneAcceptance, plain, readAll } from '../../../shared/testing/lane-acceptance.ts';
import { createScriptedLane } from '../../../shared/testing/scripted-lane.ts';
import { openCompanionLane } from './companion-lane.ts';
import type { LaneBridge } from './lane-bridge.ts';

/** A bridge with a scripted engine behind it that has to be opened first, as a companion does. */
function stage() {
  const engine = createScriptedLane({ clock: systemClock, tokenDelayMs: 1, adapterIds: [] });
  const calls: MethodName[] = [];
  let open = false;
  let down = false;
  const answer = async (
    ...[method, params, options]: Parameters<LaneBridge['request']>
  ): Promise<unknown> => {
    calls.push(method);
    if (down) throw new AppError('BridgeDown', 'no companion');
    if (method === 'laneOpen') {
      open = true;
      return engine.report;
    }
    if (!open) throw new AppError('LaneDied', 'not open');
    if (method === 'laneGenerate') {
      const { request } = params as MethodParams<'laneGenerate'>;
      for await (const chunk of engine.generate(request, options?.signal)) options?.onChunk?.(chunk);
      return {};
    }
    if (method === 'laneEmbed') {
      const { text } = params as MethodParams<'laneEmbed'>;
      return { vector: Array.from(await engine.embed(text, options?.signal)) };
    }
    const { messages } = params as MethodParams<'laneCountTokens'>;
    return { tokens: await engine.countPromptTokens(messages, options?.signal) };
  };
  return {
    bridge: { request: answer as LaneBridge['request'] },
    engine,
    calls,
    restart: () => {
      open = false;
      engine.die();
    },
    setDown: (now: boolean) => {
      down = now;
    },
  };
}

const signal = new AbortController().signal;

describe('companion lane: acceptance', () => {
  const { bridge, restart } = stage();
  const cases = laneAcceptance({
    open: () => openCompanionLane({ bridge, clock: systemClock }, 'default', signal),
    kill: restart,
    embeds: true,
    takesAdapters: true,
    followsGrammar: false,
    longAnswerTokens: 8,
  });
  it.each(cases.map((one) => [one.name, one] as const))('%s', (_name, laneCase) => laneCase.run());
});

describe('companion lane', () => {
  it('opens again after the bridge was down, not before', async () => {
    const { bridge, calls, setDown } = stage();
    const lane = await openCompanionLane({ bridge, clock: systemClock }, 'default', signal);
    await readAll(lane.generate(plain('x', 2)));
    setDown(true);
    await expect(readAll(lane.generate(plain('x', 2)))).rejects.toMatchObject({ code: 'BridgeDown' });
    await expect(lane.countPromptTokens([])).rejects.toMatchObject({ code: 'BridgeDown' });
    setDown(false);
    await readAll(lane.generate(plain('x', 2)));
    expect(calls).toEqual([
      'laneOpen',
      'laneGenerate',
      'laneGenerate',
      'laneOpen',
      'laneOpen',
      'laneGenerate',
    ]);
  });

  it('does not open again after an error of the request itself', async () => {
    const { bridge, calls } = stage();
    const lane = await openCompanionLane({ bridge, clock: systemClock }, 'default', signal);
    const request = { ...plain('x', 2), grammar: 'nonsense' };
    await expect(readAll(lane.generate(request))).rejects.toMatchObject({ code: 'GrammarInvalid' });
    await readAll(lane.generate(plain('x', 2)));
    expect(calls).toEqual(['laneOpen', 'laneGenerate', 'laneGenerate']);
  });

  it('sends no text that no companion embeds', async () => {
    const { bridge, calls } = stage();
    const lane = await openCompanionLane({ bridge, clock: systemClock }, 'default', signal);
    await expect(lane.embed('x'.repeat(MAX_EMBED_CHARS + 1))).rejects.toMatchObject({
      code: 'ContextOverflow',
    });
    await lane.embed('x');
    expect(calls).toEqual(['laneOpen', 'laneEmbed']);
  });

  it('stops the generation in the companion when its reader leaves', async () => {
    const { bridge, engine } = stage();
    const lane = await openCompanionLane({ bridge, clock: systemClock }, 'default', signal);
    for await (const chunk of lane.generate(plain('x', 400))) if (chunk.kind === 'delta') break;
    await expect.poll(() => engine.aborted).toBe(1);
  });
});
