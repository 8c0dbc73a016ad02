/** Owns the names of what wllama throws: its own errors carry little more than a text. */
import { AppError } from '../../../shared/errors.ts';
import { saysOutOfMemory } from '../../../shared/models/out-of-memory.ts';

/** Token count and bound in llama.cpp's refusal of a prompt that is too long. */
const TOO_LONG = /request \((\d+) tokens\) exceeds the available context size \((\d+) tokens\)/;
/** The same of a text to embed, which has to fit into one batch. */
const TEXT_TOO_LONG = /input \((\d+) tokens\) is too large to process.*current batch size: (\d+)/;

/** The true token count of a prompt that was refused for its length; undefined for any other failure. */
export function refusedTokens(thrown: unknown): number | undefined {
  const match = TOO_LONG.exec(messageOf(thrown));
  return match ? Number(match[1]) : undefined;
}

/** Of a load that was refused without a word, but for the log. */
export function loadError(logged: string, hasAdapters: boolean): AppError {
  if (saysOutOfMemory(logged)) return noMemory(hasAdapters, logged);
  // "adapter" alone is also what WebGPU calls a GPU.
  return hasAdapters && /lora/i.test(logged)
    ? new AppError('AdapterMismatch', 'The engine cannot put this adapter on this model.', { detail: logged })
    : new AppError('ModelUnsupported', 'The engine cannot load this model.', { detail: logged });
}

/** Of a load that ended with something thrown, a trap of wasm maybe. */
export function loadFailure(thrown: unknown, logged: string, hasAdapters: boolean): AppError {
  if (thrown instanceof AppError) return thrown;
  const message = messageOf(thrown);
  if (saysOutOfMemory(message) || saysOutOfMemory(logged)) return noMemory(hasAdapters, logged, thrown);
  return new AppError('LaneStartFailed', `The engine failed to load: ${message}`, {
    cause: thrown,
    detail: logged,
  });
}

function noMemory(hasAdapters: boolean, detail: string, cause?: unknown): AppError {
  const what = hasAdapters
    ? 'There was no memory for this model with the adapter beside it; without it there may be.'
    : 'There was no memory for this model.';
  return new AppError('ModelTooLarge', what, { cause, detail });
}

/** `logged` is what the engine wrote to its log as errors during the call. */
export function engineError(thrown: unknown, logged: string): AppError {
  if (thrown instanceof AppError) return thrown;
  const message = messageOf(thrown);
  const options = { cause: thrown, detail: logged };
  const tooLong = TOO_LONG.exec(message);
  if (tooLong) {
    return new AppError(
      'ContextOverflow',
      `The prompt has ${tooLong[1]} tokens; the model holds ${tooLong[2]}.`,
      options,
    );
  }
  const textTooLong = TEXT_TOO_LONG.exec(message);
  if (textTooLong) {
    return new AppError(
      'ContextOverflow',
      `The text has ${textTooLong[1]} tokens; at most ${textTooLong[2]} can be embedded.`,
      options,
    );
  }
  if (/failed to parse grammar/i.test(message) || /failed to parse grammar/i.test(logged)) {
    return new AppError('GrammarInvalid', 'The engine cannot parse the grammar of this request.', options);
  }
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return new AppError('Aborted', 'The generation was stopped.', options);
  }
  // RuntimeError is a trap inside wasm (out of memory, out of bounds): the instance cannot be trusted any more.
  return new AppError('LaneDied', `The engine failed: ${message}`, options);
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
