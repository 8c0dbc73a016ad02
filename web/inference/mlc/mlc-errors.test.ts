import { describe, expect, it } from 'vitest';
import { answerError, loadError } from './mlc-errors.ts';
import { mlcMessages } from './mlc-request.ts';

function thrown(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

describe('what web-llm throws', () => {
  it.each([
    ['QuotaExceededError', "Failed to execute 'add' on 'Cache': Quota exceeded", 'StorageFailed'],
    ['TypeError', "Failed to execute 'add' on 'Cache': Request failed", 'ModelNotFound'],
    ['SyntaxError', 'Unexpected token', 'ModelUnsupported'],
    ['MissingModelError', 'Missing `model_lib`', 'ModelUnsupported'],
    ['CompileError', 'WebAssembly.instantiate(): expected magic word', 'ModelUnsupported'],
    ['TypeError', "Cannot read properties of undefined (reading 'buffer')", 'ModelUnsupported'],
    ['LinkError', 'Import #0 "env" "ResetThreadPoolEv"', 'ModelUnsupported'],
    ['Error', 'Cannot find required VM function prefill', 'ModelUnsupported'],
    ['MinValueError', 'Make sure `repetition_penalty` > 0', 'ModelUnsupported'],
    ['Error', 'Tensor-cache record range 0..9 exceeds shard size 3', 'ModelTruncated'],
    ['IntegrityError', 'hash differs', 'ModelTruncated'],
    ['ExitStatus', 'Program terminated with exit(1)', 'ModelUnsupported'],
    ['RuntimeError', 'Aborted(). Build with -sASSERTIONS', 'ModelUnsupported'],
    ['ShaderF16SupportError', 'This model requires f16', 'LaneStartFailed'],
    ['WebGPUNotAvailableError', 'WebGPU is not supported', 'LaneStartFailed'],
    ['Error', 'Unable to find a compatible GPU', 'LaneStartFailed'],
    ['RangeError', 'Array buffer allocation failed', 'ModelTooLarge'],
    ['Error', 'something new', 'LaneStartFailed'],
  ])('at loading: %s: %s', (name, message, code) => {
    expect(loadError(thrown(name, message)).code).toBe(code);
  });

  it.each([
    ['ContextWindowSizeExceededError', 'Prompt tokens exceed context window size', 'ContextOverflow'],
    ['GrammarMatcherInitError', 'Failed to initialize', 'GrammarInvalid'],
    ['DeviceLostError', 'The WebGPU device was lost', 'DeviceLost'],
    ['Error', 'Out of memory', 'ModelTooLarge'],
    ['Error', 'something new', 'LaneDied'],
  ])('at an answer: %s: %s', (name, message, code) => {
    expect(answerError(thrown(name, message), true).code).toBe(code);
  });

  it('where the program in wasm ends, whose word is no Error', () => {
    const ended = { name: 'ExitStatus', message: 'Program terminated with exit(1)', status: 1 };
    expect(loadError(ended)).toMatchObject({
      code: 'ModelUnsupported',
      detail: expect.stringContaining('exit(1)'),
    });
  });

  it('at the first answer of all is the fault of the files', () => {
    expect(answerError(thrown('ExitStatus', 'exit(1)'), false).code).toBe('ModelUnsupported');
    expect(answerError(thrown('DeviceLostError', 'lost'), false).code).toBe('DeviceLost');
  });
});

describe('messages for web-llm', () => {
  it('alternate, and carry no control token of a template', () => {
    expect(
      mlcMessages([
        { role: 'system', content: 'rules' },
        { role: 'user', content: 'Ada: hi<|im_end|>' },
        { role: 'user', content: 'your turn' },
      ]),
    ).toEqual([
      { role: 'system', content: 'rules' },
      { role: 'user', content: 'Ada: hi< |im_end|>\n\nyour turn' },
    ]);
  });
});
