/** Owns how long an answer may be: what the role suits, within what the context is certain to hold. */
import {
  jsonDecision,
  MAX_BOUNDED_CHARS,
  textCharsWithin,
  type DecisionEncoding,
} from '../../../shared/inference/decision.ts';

const MOST_REASON_CHARS = 160;
/** Bounds go in steps, so that turns share their grammar and an engine compiles few of them. */
const STEP_CHARS = 50;

/** The form always closes within `answerTokens`, whatever the model writes. */
export function answerEncoding(answerTokens: number, maxAnswerChars: number): DecisionEncoding {
  const most = Math.min(maxAnswerChars, MAX_BOUNDED_CHARS, textCharsWithin(answerTokens));
  const maxTextChars = most < STEP_CHARS ? Math.max(1, most) : most - (most % STEP_CHARS);
  return jsonDecision({ maxTextChars, maxReasonChars: Math.min(MOST_REASON_CHARS, maxTextChars) });
}
