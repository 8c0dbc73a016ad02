import { describe, expect, it } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import type { InferenceLane } from '../../shared/inference/lane.ts';
import { createLogger } from '../../shared/log.ts';
import { silentJson, spokenJson, type ScriptedAnswer } from '../../shared/testing/scripted-answers.ts';
import { createScriptedLane, type ScriptedLaneOptions } from '../../shared/testing/scripted-lane.ts';
import { line, peerIdOf, personaLine, turnInput } from '../../shared/testing/turn-input.ts';
import { VirtualClock } from '../../shared/testing/virtual-clock.ts';
import { createPersonaCognition, type CognitionDeps } from './cognition.ts';
import type { TurnInput, TurnOutcome, TurnProgress } from './turn.ts';

const ASKED = turnInput([line(1, 'Ann', 'Hello')], line(2, 'Ann', 'Maya, are you there?'));

function brain(answer: ScriptedAnswer, more: Partial<ScriptedLaneOptions & CognitionDeps> = {}) {
  const clock = new VirtualClock();
  const logged: string[] = [];
  const lane = createScriptedLane({ clock, answer, ...more });
  const cognition = createPersonaCognition({
    self: { peerId: peerIdOf('Maya'), name: 'Maya', role: 'helper' },
    profile: { contextTokens: lane.report.contextTokens, sampling: { temperature: 0 }, speeds: {} },
    lane,
    clock,
    log: createLogger(({ event }) => logged.push(event), clock),
    timeZone: 'UTC',
    ...more,
  });
  const progress: TurnProgress[] = [];
  const think = async (
    input: TurnInput = ASKED,
    signal = new AbortController().signal,
  ): Promise<TurnOutcome> => {
    let outcome: TurnOutcome | undefined;
    const turn = cognition.think(input, (step) => progress.push(step), signal).then((end) => (outcome = end));
    await clock.until(() => outcome !== undefined, 3_600_000);
    return turn;
  };
  return { clock, lane, cognition, think, progress, logged };
}

describe('a turn', () => {
  it('speaks what the model decided to say, cleaned, with a trace of how it came about', async () => {
    const { think, lane } = brain(() => spokenJson('Maya: Yes, I am here.'));
    const outcome = await think();
    expect(outcome).toMatchObject({
      kind: 'decided',
      decidedBy: 'model',
      decision: { kind: 'spoke', text: 'Yes, I am here.' },
      trace: { promptFormat: 1, historyLines: 1, historyDropped: 0, triggerTrimmed: false },
    });
    const [request] = lane.requests;
    expect(request?.messages.map(({ role }) => role)).toEqual(['system', 'user', 'user']);
    expect(request?.grammar).toMatch(/^root ::=/u);
    const { trace } = outcome;
    expect(trace?.promptTokens).toBe(trace?.usage?.promptTokens);
    expect(trace?.raw).toBe(spokenJson('Maya: Yes, I am here.'));
  });

  it('reads beforehand what the next turn begins with, and is stopped without a word', async () => {
    const { think, lane, cognition, clock, logged } = brain(() => spokenJson('Yes.'), { promptDelayMs: 50 });
    const signal = new AbortController().signal;
    const nobody = { ...line(2, 'Ann', ''), eventId: 'none' };
    const priming = cognition.prime({ ...ASKED, trigger: nobody }, signal);
    await clock.advance(100);
    await priming;
    await think();
    const beginning = lane.requests[0]?.messages.slice(0, -1);
    expect(beginning).toHaveLength(2);
    expect(lane.warmedWith[0]?.slice(0, -1)).toEqual(beginning);
    const end = new AbortController();
    const stopped = cognition.prime(ASKED, end.signal);
    await clock.advance(10);
    end.abort();
    await stopped;
    expect(logged).toContain('turn.not-primed');
  });

  it('asks with the adapters that are hers now, and reads nothing beforehand for the model alone', async () => {
    const uses = [{ id: 'a'.repeat(64), scale: 1 }];
    let hers: typeof uses = [];
    const { think, cognition, lane } = brain(() => spokenJson('Yes.'), {
      adapters: () => hers,
      adapterIds: [uses[0]?.id ?? ''],
    });
    await think();
    hers = uses;
    await cognition.prime(ASKED, new AbortController().signal);
    await think();
    expect(lane.requests.map(({ adapters }) => adapters)).toEqual([undefined, uses]);
    expect(lane.warmedWith).toEqual([]);
  });

  it('is silent with the reason of the model', async () => {
    const { think } = brain(() => silentJson('It was for Kira.'));
    expect(await think()).toMatchObject({
      kind: 'decided',
      decidedBy: 'model',
      decision: { kind: 'silent', reason: 'It was for Kira.' },
    });
  });

  it.each([
    ['prose', 'I think I will speak now.'],
    ['a decision without its text', '{"speak":true}'],
    ['nothing but her name', spokenJson('Maya:')],
    ['an empty answer', ''],
    ['a form that was cut off', '{"speak":true,"text":"I was going to'],
  ])('is errored when the model gives %s, and says nothing', async (_what, raw) => {
    const { think } = brain(() => raw);
    const outcome = await think();
    expect(outcome).toMatchObject({ kind: 'errored', error: { code: 'DecisionMalformed' } });
    expect(outcome.trace?.raw).toBe(raw);
  });

  it('shows the reading, and then the text as it grows', async () => {
    const { think, progress } = brain(() => spokenJson('Hello Ann'), { tokenDelayMs: 10 });
    await think();
    expect(progress[0]).toMatchObject({ kind: 'reading', promptTokensDone: 0 });
    const written = progress.filter((step) => step.kind === 'writing').map((step) => step.text);
    expect(written[0]).toBe('');
    expect(written.at(-1)).toBe('Hello Ann');
    expect(written.every((text, index) => text.startsWith(written[index - 1] ?? ''))).toBe(true);
  });

  it('waits for others as long as they move on, and no longer than its deadline for itself', async () => {
    const { lane, clock } = brain(() => spokenJson('Yes.'));
    const signal = new AbortController().signal;
    const waiting: InferenceLane = {
      ...lane,
      report: lane.report,
      countPromptTokens: () => Promise.resolve(10),
      generate: () =>
        new ReadableStream({
          start: async (controller) => {
            for (const ahead of [2, 1, 0]) {
              controller.enqueue({ kind: 'queued', ahead });
              await clock.sleep(900);
            }
          },
        }),
    };
    const other = brain(() => '', { deadlineMs: 1_000, lane: waiting, clock });
    let ended: TurnOutcome | undefined;
    void other.cognition.think(ASKED, () => undefined, signal).then((outcome) => (ended = outcome));
    await clock.advance(2_700);
    expect(ended).toBeUndefined();
    await clock.advance(200);
    expect(ended).toMatchObject({ kind: 'errored', error: { code: 'TurnDeadlineExceeded' } });
  });

  it('asks for no more than the context can hold', async () => {
    for (const contextTokens of [700, 1_024, 2_048, 8_192]) {
      const { think, lane } = brain(() => spokenJson('Yes'), { contextTokens });
      const outcome = await think();
      expect(outcome.kind).toBe('decided');
      const { maxTokens = Infinity } = lane.requests[0] ?? {};
      expect(maxTokens + (outcome.trace?.promptTokens ?? 0)).toBeLessThanOrEqual(contextTokens);
    }
  });
});

describe('a turn that cannot be', () => {
  it('is errored when the context is too short', async () => {
    const { think } = brain(() => spokenJson('Yes'), { contextTokens: 300 });
    expect(await think()).toMatchObject({ kind: 'errored', error: { code: 'ContextOverflow' } });
  });

  it('is errored with the failure of the lane', async () => {
    const { think } = brain(() => {
      throw new AppError('LaneDied', 'The engine stopped.');
    });
    expect(await think()).toMatchObject({ kind: 'errored', error: { code: 'LaneDied' } });
  });

  it('is given up at its deadline, and the engine with it', async () => {
    const { think, lane, clock } = brain(() => spokenJson('Yes'), { promptDelayMs: 1e9, deadlineMs: 60_000 });
    expect(await think()).toMatchObject({ kind: 'errored', error: { code: 'TurnDeadlineExceeded' } });
    expect(clock.monotonicMs()).toBe(60_000);
    await clock.advance(1);
    expect(lane.running).toBe(0);
  });

  it.each([
    ['counts', { countPromptTokens: () => new Promise<number>(() => undefined) }],
    ['answers', { generate: () => new ReadableStream<never>() }],
  ])('is given up at its deadline when the lane never %s and hears no signal', async (_what, deafness) => {
    const lane = createScriptedLane({ clock: new VirtualClock() });
    const deaf: InferenceLane = {
      report: lane.report,
      warmup: () => lane.warmup(),
      generate: (request) => lane.generate(request),
      countPromptTokens: (messages) => lane.countPromptTokens(messages),
      embed: (text) => lane.embed(text),
      dispose: () => lane.dispose(),
      ...deafness,
    };
    const { think } = brain(() => '', { lane: deaf, deadlineMs: 1_000 });
    expect(await think()).toMatchObject({ kind: 'errored', error: { code: 'TurnDeadlineExceeded' } });
  });

  it('ends when it is aborted', async () => {
    const abort = new AbortController();
    const { think, clock, lane } = brain(() => spokenJson('Yes'), { promptDelayMs: 1e9 });
    clock.after(500, () => {
      abort.abort();
    });
    expect(await think(ASKED, abort.signal)).toMatchObject({ kind: 'errored', error: { code: 'Aborted' } });
    await clock.advance(1);
    expect([lane.running, lane.aborted]).toEqual([0, 1]);
    expect((await think(ASKED, abort.signal)).kind).toBe('errored');
  });

  it('leaves no timer behind', async () => {
    const { think, clock } = brain(() => spokenJson('Yes'));
    await think();
    await expect(clock.until(() => false, 1e9)).rejects.toThrow();
    expect(clock.monotonicMs()).toBe(0);
  });
});

describe('a brain', () => {
  it('thinks one turn at a time, in order', async () => {
    const { clock, cognition, lane } = brain((_request, index) => spokenJson(`answer ${index}`), {
      promptDelayMs: 100,
      slots: 4,
    });
    const ended: string[] = [];
    for (const name of ['first', 'second', 'third'])
      void cognition
        .think(ASKED, () => undefined, new AbortController().signal)
        .then((end) => ended.push(`${name}: ${end.kind === 'decided' ? end.decision.kind : end.kind}`));
    await clock.until(() => ended.length === 3);
    expect(ended).toEqual(['first: spoke', 'second: spoke', 'third: spoke']);
    expect(lane.mostRunning).toBe(1);
  });

  it('is held by the loop guard without asking the model, and says so', async () => {
    const { think, lane, logged } = brain(() => spokenJson('and you?'));
    const history = Array.from({ length: 12 }, (_, n) =>
      personaLine(n * 1_000, n % 2 ? 'Maya' : `Other${n}`, 'and you?'),
    );
    const outcome = await think(turnInput(history, personaLine(13_000, 'Kira', 'Maya, and you?')));
    expect(outcome).toMatchObject({ kind: 'decided', decidedBy: 'loop-guard', decision: { kind: 'silent' } });
    expect(lane.requests).toEqual([]);
    expect(logged).toContain('guard.held');
  });

  it('answers a question of a person with the declared heuristic model', async () => {
    const clock = new VirtualClock();
    const { think } = brain(() => '', { lane: createScriptedLane({ clock }) });
    expect(await think()).toMatchObject({ kind: 'decided', decision: { kind: 'spoke' } });
  });
});
