import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { VirtualClock } from '../../../shared/testing/virtual-clock.ts';
import { Engine } from './engine.ts';
import { createEngineLog } from './engine-log.ts';
import type { RawChunk, RawCompletion, RawEngine, RawLoaded, RawLoadSettings } from './raw-engine.ts';

const FILE = new Blob(['x']);
const SETTINGS = { contextTokens: 64, batchTokens: 128, threads: 1, webgpu: false };
const LOADED: RawLoaded = { success: true, contextTokens: 64, threads: 1, addsBos: false };
const REQUEST: RawCompletion = {
  prompt: 'p',
  max_tokens: 1,
  temperature: 0,
  top_k: 1,
  top_p: 1,
  min_p: 0,
  repeat_penalty: 1,
};
const CHUNK: RawChunk = { choices: [{ text: 'a', finish_reason: null }] };
const never = new Promise<never>(() => undefined);

function stage(raw: Partial<RawEngine>) {
  const clock = new VirtualClock();
  const log = createEngineLog();
  const exits: number[] = [];
  const deps = {
    raw: {
      load: () => Promise.resolve(LOADED),
      complete: () => Promise.resolve(),
      embed: () => Promise.resolve([1]),
      exit: () => {
        exits.push(clock.monotonicMs());
        return Promise.resolve();
      },
      ...raw,
    },
    log,
    clock,
    stallMs: 1_000,
    loadTimeoutMs: 5_000,
  };
  const load = (
    signal = new AbortController().signal,
    settings: RawLoadSettings = SETTINGS,
  ): Promise<Engine> => Engine.load(deps, FILE, settings, signal);
  return { clock, log, exits, load };
}

describe('engine: loading', () => {
  it('takes the answer of the engine, not the settling of its promise', async () => {
    const { load, log, exits } = stage({ load: () => Promise.resolve({ ...LOADED, success: false }) });
    log.logger.error('unknown model architecture');
    await expect(load()).rejects.toMatchObject({
      code: 'ModelUnsupported',
      detail: 'unknown model architecture',
    });
    expect(exits).toHaveLength(1);
  });

  it.each([
    [
      'refuses',
      () => Promise.resolve({ ...LOADED, success: false }),
      'failed to allocate buffer of size 4294967296',
    ],
    ['breaks', () => Promise.reject(new Error('Aborted(Cannot enlarge memory arrays)')), ''],
  ])('says that there was no memory where the engine %s for it', async (_what, raw, line) => {
    const { load, log, exits } = stage({ load: raw });
    log.logger.error(line);
    await expect(load()).rejects.toMatchObject({ code: 'ModelTooLarge' });
    expect(exits).toHaveLength(1);
  });

  it.each([
    ['of an adapter', [{ id: 'a', file: FILE }], 'AdapterMismatch'],
    ['of the model, where there is no adapter', [], 'ModelUnsupported'],
  ])('says that it was the fault %s', async (_, adapters, code) => {
    const { load, log } = stage({ load: () => Promise.resolve({ ...LOADED, success: false }) });
    log.logger.error("failed to apply lora adapter 'models/model-00002-of-00002.gguf'");
    await expect(load(undefined, { ...SETTINGS, adapters })).rejects.toMatchObject({ code });
  });

  it('gives up a load that never settles', async () => {
    const { load, clock, exits } = stage({ load: () => never });
    const outcome = expect(load()).rejects.toMatchObject({ code: 'LaneStartFailed' });
    await clock.advance(5_000);
    await outcome;
    expect(exits).toEqual([5_000]);
  });

  it('stops loading on abort', async () => {
    const { load, exits } = stage({ load: () => never });
    const aborter = new AbortController();
    const outcome = expect(load(aborter.signal)).rejects.toMatchObject({ code: 'Aborted' });
    aborter.abort();
    await outcome;
    expect(exits).toHaveLength(1);
  });
});

describe('engine: completions', () => {
  const signal = new AbortController().signal;

  it('ends an instance that gives no sign for too long, and only then', async () => {
    let push: (chunk: RawChunk) => void = () => undefined;
    const { load, clock, exits } = stage({
      complete: (_request, onChunk) => {
        push = onChunk;
        return never;
      },
    });
    const engine = await load();
    const outcome = expect(engine.complete(REQUEST, () => undefined, signal)).rejects.toMatchObject({
      code: 'TurnDeadlineExceeded',
    });
    await clock.advance(900);
    push(CHUNK);
    await clock.advance(900);
    expect(engine.ended).toBeUndefined();
    await clock.advance(100);
    await outcome;
    expect(exits).toEqual([1_900]);
    await expect(engine.complete(REQUEST, () => undefined, signal)).rejects.toMatchObject({
      code: 'TurnDeadlineExceeded',
    });
  });

  it('settles calls in flight when it is ended', async () => {
    const { load } = stage({ complete: () => never });
    const engine = await load();
    const call = engine.complete(REQUEST, () => undefined, signal);
    const reason = new AppError('LaneDied', 'closed');
    engine.end(reason);
    await expect(call).rejects.toBe(reason);
  });

  it.each([
    ['request (9 tokens) exceeds the available context size (8 tokens)', 'ContextOverflow', false],
    [
      'input (9 tokens) is too large to process. increase the physical batch size (current batch size: 8)',
      'ContextOverflow',
      false,
    ],
    ['Failed to initialize samplers: failed to parse grammar', 'GrammarInvalid', false],
    ['(ABORT) out of memory', 'LaneDied', true],
  ])('names "%s"', async (message, code, ends) => {
    const { load } = stage({ complete: () => Promise.reject(new Error(message)) });
    const engine = await load();
    await expect(engine.complete(REQUEST, () => undefined, signal)).rejects.toMatchObject({ code });
    expect(engine.ended !== undefined).toBe(ends);
  });

  it.each([
    ['a GPU that is in use', ['using device WebGPU', 'offloaded 4/4 layers to GPU'], 'DeviceLost'],
    ['a GPU that is not', [], 'LaneDied'],
  ])('tells from the log that the GPU went away, of %s', async (_of, proof, code) => {
    const { load, log, exits } = stage({
      complete: () => {
        log.logger.debug('Device lost! Reason: 1');
        return Promise.reject(new Error('(ABORT) '));
      },
    });
    for (const line of proof) log.logger.debug(line);
    const engine = await load();
    await expect(engine.complete(REQUEST, () => undefined, signal)).rejects.toMatchObject({ code });
    expect(engine.ended?.code).toBe(code);
    expect(exits).toHaveLength(1);
  });
});
