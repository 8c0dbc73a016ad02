/** Owns counting the tokens of a prompt with an engine that offers no tokenizer. */
import { AppError } from '../../../shared/errors.ts';

/**
 * Counts without decoding: the engine refuses a prompt longer than its context and tells the true count. So every
 * prompt is made too long by a padding whose own tokens are known. The padding begins with a control token, which
 * never merges with what stands before it. It goes on in short words: 8,192 control tokens take the tokenizer some
 * 600 ms, twice as many words 10 ms (measured 2026-11-24).
 */
export interface TokenCounter {
  count(prompt: string, signal: AbortSignal): Promise<number>;
}

/** The count that the engine refuses a prompt with; undefined when it does not refuse. */
export type RefusedTokens = (prompt: string, signal: AbortSignal) => Promise<number | undefined>;

/** Throws `ModelUnsupported` for a model whose tokenizer does not keep to the above. */
export async function createTokenCounter(
  refusedTokens: RefusedTokens,
  contextTokens: number,
  controlToken: string,
  signal: AbortSignal,
): Promise<TokenCounter> {
  const padding = `${controlToken}${'x y '.repeat(contextTokens)}`;
  const refused = async (prompt: string, callSignal: AbortSignal): Promise<number> => {
    const tokens = await refusedTokens(prompt, callSignal);
    if (tokens === undefined) throw uncountable();
    return tokens;
  };
  const once = await refused(padding, signal);
  const twice = await refused(padding + padding, signal);
  // What the tokenizer adds to every prompt (BOS, EOS) is in both, but in the second one only once.
  const added = 2 * once - twice;
  if (controlToken === '' || added < 0 || added > 2) throw uncountable();
  return {
    count: async (prompt, callSignal) => (await refused(prompt + padding, callSignal)) - (once - added),
  };
}

function uncountable(): AppError {
  return new AppError('ModelUnsupported', 'The prompts of this model cannot be counted by the engine.');
}
