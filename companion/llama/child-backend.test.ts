import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLlamaRig, type LlamaRig } from '../../e2e/models/llama-rig.ts';
import { systemClock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { jsonDecision } from '../../shared/inference/decision.ts';
import type { GenerateChunk, GenerateRequest, GenerateResult } from '../../shared/inference/generate.ts';
import { createLogger } from '../../shared/log.ts';
import { plain } from '../../shared/testing/lane-acceptance.ts';
import type { LlamaBackend } from './backend.ts';
import { CHILD_THREADS_VARIABLE, type ModelToOpen, type ToChild } from './child-messages.ts';

const MACHINE = { cores: 2, cpu: 'a test', memoryBytes: 2 ** 34 };
const NEVER = new AbortController().signal;
let rig: LlamaRig;
/** For all tests that do not break it. */
let backend: LlamaBackend;

beforeAll(async () => {
  rig = await startLlamaRig();
  backend = await rig.start({ machine: { ...MACHINE, cores: 1, memoryBytes: 2 ** 40 } });
});
afterAll(() => rig.stop());

async function read(stream: AsyncIterable<GenerateChunk>): Promise<GenerateResult> {
  for await (const chunk of stream) if (chunk.kind === 'done') return chunk.result;
  throw new Error('no result');
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'a value',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );
}

describe('ChildBackend', () => {
  it('says what it proved: the CPU, how many threads, which model', async () => {
    expect(backend.availability().available).toBe(true);
    const report = await backend.open('plumbing', NEVER);
    expect(report).toMatchObject({
      lane: 'companion',
      backend: 'cpu',
      model: { name: 'plumbing model: speaks nonsense', starter: false },
      contextTokens: 8192,
    });
    expect(report.evidence).toMatch(
      /^llama\.cpp .* on the CPU, no GPU in this build, \d+ threads? \(measured: 1 → \d+(, .*)? tokens\/s\)$/,
    );
  });

  it('keeps the evaluated prefix between turns', async () => {
    const turn = (line: string): GenerateRequest => ({
      ...plain(line, 4),
      messages: [
        {
          role: 'system',
          content: 'The house rules of this room are the same for everybody in it. '.repeat(8),
        },
        { role: 'user', content: line },
      ],
    });
    const first = await read(backend.generate('random', turn('one'), NEVER));
    const second = await read(backend.generate('random', turn('two'), NEVER));
    expect(first.cachedTokens).toBeLessThan(20);
    expect(second.cachedTokens).toBeGreaterThan(second.promptTokens * 0.8);
    const alone = await read((await rig.start()).generate('random', turn('two'), NEVER));
    expect(second.text).toBe(alone.text);
  });

  it('embeds beside the conversation, whose evaluated prefix stays', async () => {
    const turn = plain('The same words as before, and again. '.repeat(8), 4);
    await read(backend.generate('random', turn, NEVER));
    const vector = await backend.embed('random', 'The sea is calm.', NEVER);
    expect(vector).toHaveLength(128);
    const { cachedTokens, promptTokens } = await read(backend.generate('random', turn, NEVER));
    expect(cachedTokens).toBeGreaterThan(promptTokens * 0.8);
  });

  it('embeds with the model that is asked for, as long a text as in the tab and no longer', async () => {
    expect(await backend.embed('plumbing', 'x', NEVER)).toHaveLength(64);
    const longest = 'word '.repeat(255);
    expect(await backend.embed('random', longest, NEVER)).toHaveLength(128);
    await expect(backend.embed('random', `${longest}x`, NEVER)).rejects.toMatchObject({
      code: 'ContextOverflow',
      message: 'The text has 513 tokens; at most 512 can be embedded.',
    });
    expect(await codeOf(backend.embed('unknown', 'x', NEVER))).toBe('ModelNotFound');
  });

  it('reads a long prompt in slices and tells how far it is', async () => {
    const seen: number[] = [];
    for await (const chunk of backend.generate('random', plain('word '.repeat(900), 2), NEVER))
      if (chunk.kind === 'progress') seen.push(chunk.promptTokensDone);
    const steps = seen.slice(1).map((done, at) => done - (seen[at] ?? 0));
    expect(steps.length).toBeGreaterThan(1);
    // Half a second of reading, but never less than 64 tokens, nor more than a batch.
    for (const step of steps) expect([step >= 64, step <= 512]).toEqual([true, true]);
  });

  it('stops an answer within the time of a few tokens', async () => {
    await backend.open('random', NEVER);
    const aborter = new AbortController();
    let abortedAt = 0;
    const answer = (async () => {
      for await (const chunk of backend.generate('random', plain('Go on.', 4000), aborter.signal))
        if (chunk.kind === 'delta' && abortedAt === 0) {
          abortedAt = performance.now();
          aborter.abort();
        }
    })();
    expect(await codeOf(answer)).toBe('Aborted');
    await read(backend.generate('random', plain('Next.', 1), NEVER));
    expect(performance.now() - abortedAt).toBeLessThan(1_000);
  });

  it('swaps the model when another one is asked for', async () => {
    const before = await read(backend.generate('random', plain('Hello', 8), NEVER));
    const between = await read(backend.generate('plumbing', plain('Hello', 8), NEVER));
    const after = await read(backend.generate('random', plain('Hello', 8), NEVER));
    expect(after.text).toBe(before.text);
    expect(between.text).not.toBe(before.text);
  });

  it('stops at a stop text', async () => {
    const whole = await read(backend.generate('random', plain('Hello', 24), NEVER));
    const stop = whole.text.slice(6, 9);
    const cut = await read(backend.generate('random', { ...plain('Hello', 24), stop: [stop] }, NEVER));
    expect(cut).toMatchObject({ text: whole.text.slice(0, whole.text.indexOf(stop)), finishReason: 'stop' });
  });

  it('says length when the answer is cut by its limit', async () => {
    expect(await read(backend.generate('random', plain('Hello', 5), NEVER))).toMatchObject({
      finishReason: 'length',
      completionTokens: 5,
    });
  });

  it.each([
    ['unknown', 'ModelNotFound'],
    ['gone', 'ModelNotFound'],
    ['junk', 'ModelNotGguf'],
    ['cut', 'ModelTruncated'],
    ['lying', 'LaneStartFailed'],
  ])('names what is wrong with the model "%s", and works on', async (id, code) => {
    expect(await codeOf(backend.open(id, NEVER))).toBe(code);
    expect((await read(backend.generate('plumbing', plain('Hello', 2), NEVER))).completionTokens).toBe(2);
  });

  it('takes a child that gives no sign of life down, names it, and serves the next turn', async () => {
    const limits = { startMs: 30_000, openMs: 30_000, stallMs: 600_000, totalMs: 150 };
    const mine = await rig.start({ limits });
    await mine.open('random', NEVER);
    const [first, ...others] = Array.from({ length: 5 }, (_, at) =>
      codeOf(read(mine.generate('random', plain(`Go on, ${at}.`, 8192), NEVER))),
    );
    expect(await first).toBe('TurnDeadlineExceeded');
    // Three beside it, and one that waits.
    expect(await Promise.all(others)).toEqual(['LaneDied', 'LaneDied', 'LaneDied', 'LaneDied']);
    expect((await read(mine.generate('random', plain('Hello', 2), NEVER))).completionTokens).toBe(2);
  });

  it('does not wait for ever for a child that falls silent', async () => {
    const silent = join(rig.folder, 'silent-child.mjs');
    await writeFile(
      silent,
      `process.send({ kind: 'ready', release: 'none' });
       const model = { contextTokens: 64, sequences: 1, threads: 1, isOnGpu: false, evidence: 'none', loadMs: 0 };
       process.on('message', ({ kind, id }) => { if (kind === 'open') process.send({ kind: 'opened', id, model }); });`,
    );
    const limits = { startMs: 30_000, openMs: 30_000, stallMs: 100, totalMs: 600_000 };
    const mine = await rig.start({ childEntry: silent, limits });
    const answer = read(mine.generate('plumbing', plain('Hello', 1), NEVER));
    expect(await codeOf(answer)).toBe('TurnDeadlineExceeded');
  });

  it('says why where the engine cannot run, and every call says the same', async () => {
    const broken = join(rig.folder, 'broken-child.mjs');
    await writeFile(broken, "process.send({ kind: 'unavailable', reason: 'no binary for this machine' });\n");
    const mine = await rig.start({ childEntry: broken });
    expect(mine.availability()).toEqual({
      available: false,
      reason: 'llama.cpp cannot run here: no binary for this machine',
    });
    expect(await codeOf(mine.open('plumbing', NEVER))).toBe('LaneStartFailed');
    expect(await codeOf(read(mine.generate('plumbing', plain('Hello', 1), NEVER)))).toBe('LaneStartFailed');
  });

  it('ends a child that talks nonsense', async () => {
    const rude = join(rig.folder, 'rude-child.mjs');
    await writeFile(
      rude,
      "process.send({ kind: 'ready', release: 'none' }); process.on('message', () => process.send({ kind: 'opened', id: 1 }));\n",
    );
    const mine = await rig.start({ childEntry: rude });
    expect(await codeOf(mine.open('plumbing', NEVER))).toBe('LaneStartFailed');
    expect(await codeOf(mine.countPromptTokens('plumbing', [{ role: 'user', content: 'x' }], NEVER))).toBe(
      'LaneStartFailed',
    );
  });

  it('ends a child that takes more memory than its model can need', async () => {
    const greedy = join(rig.folder, 'greedy-child.mjs');
    await writeFile(
      greedy,
      "process.send({ kind: 'ready', release: 'none' }); process.on('message', () => process.send({ kind: 'memory', residentBytes: 1e15 }));\n",
    );
    const mine = await rig.start({ childEntry: greedy });
    expect(await codeOf(mine.open('plumbing', NEVER))).toBe('LaneStartFailed');
  });

  it('puts what llama.cpp complains about into the log', async () => {
    const lines: string[] = [];
    const log = createLogger(({ event, fields }) => {
      if (event === 'llama_said') lines.push(String(fields['line']));
    }, systemClock);
    const mine = await rig.start({ log });
    await codeOf(mine.open('lying', NEVER));
    await expect.poll(() => lines.join('\n')).toContain('output_norm');
  });

  it('always gets a closed decision to speak out of the plumbing model', async () => {
    const encoding = jsonDecision({ maxTextChars: 600, maxReasonChars: 200 });
    for (const seed of [1, 2, 3]) {
      const request: GenerateRequest = {
        messages: [{ role: 'user', content: `Question ${seed}.\n${encoding.instruction}` }],
        sampling: { temperature: 0.8, seed },
        maxTokens: encoding.maxTokens,
        grammar: encoding.grammar,
      };
      const { text, finishReason } = await read(backend.generate('plumbing', request, NEVER));
      expect(finishReason).toBe('stop');
      expect(encoding.decode(text)).toMatchObject({ ok: true, decision: { kind: 'spoke' } });
    }
  });

  it('settles an answer when it is disposed in the middle of it, and refuses from then on', async () => {
    const mine = await rig.start();
    let begun = (): void => undefined;
    const beginning = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const answer = (async () => {
      for await (const chunk of mine.generate('random', plain('Go on.', 8192), NEVER))
        if (chunk.kind === 'delta') begun();
    })();
    const outcome = codeOf(answer);
    await beginning;
    await mine.dispose();
    expect(await outcome).toBe('LaneDied');
    expect(await codeOf(mine.open('random', NEVER))).toBe('LaneDied');
  });

  it('ends with its parent, even in the middle of an answer', async () => {
    const model: ModelToOpen = {
      path: rig.pathOf('random') ?? '',
      // Far more than the model was made for: the answer takes minutes.
      contextTokens: 60_000,
      threads: 1,
      bosToken: '',
      eosToken: '',
      controlTokens: [],
    };
    const requests: readonly ToChild[] = [
      { kind: 'open', id: 1, model },
      { kind: 'generate', id: 2, request: plain('Go on.', 8192) },
      { kind: 'generate', id: 3, request: plain('And on.', 8192) },
      { kind: 'generate', id: 4, request: plain('And on and on.', 8192) },
    ];
    const script = join(rig.folder, 'parent.mjs');
    await writeFile(
      script,
      `import { fork } from 'node:child_process';
       const child = fork(process.argv[2], [], { env: { ...process.env, ${CHILD_THREADS_VARIABLE}: '1' } });
       child.on('message', ({ kind, id }) => {
         if (kind === 'ready') for (const request of ${JSON.stringify(requests)}) child.send(request);
         if (kind === 'chunk' && id === 2) console.log(child.pid);
       });`,
    );
    const parent = spawn(process.execPath, [script, rig.childEntry], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number.parseInt(line.toString(), 10);
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    try {
      await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
    } finally {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    }
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
