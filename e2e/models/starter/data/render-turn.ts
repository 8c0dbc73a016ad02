/** Owns the bytes that a turn becomes: the brain's own composing and the lanes' own rendering, nothing beside them. */
import { CHATML_TEMPLATE } from '../../../../shared/inference/chat-template.ts';
import { JSON_DECISION_INSTRUCTION } from '../../../../shared/inference/decision.ts';
import type { ChatMessage } from '../../../../shared/inference/generate.ts';
import { createPromptRenderer } from '../../../../shared/inference/model-prompt.ts';
import { composeTurn } from '../../../../web/brain/compose/compose-turn.ts';
import { estimateTokens } from '../../../../web/brain/compose/estimate-tokens.ts';
import { TranscriptWindow } from '../../../../web/brain/compose/transcript-source.ts';
import { CONTEXT_TOKENS, CONTROL_TOKENS, TURN_END } from '../starter-form.ts';
import type { Expected, Turn } from './scene.ts';

const render = createPromptRenderer(
  { chatTemplate: CHATML_TEMPLATE, bosToken: '', eosToken: TURN_END, controlTokens: CONTROL_TOKENS },
  false,
);

/** As the brain composes it; the estimate stands for the engine's count, which is lower for this model. */
export async function composeMessages(turn: Turn): Promise<readonly ChatMessage[]> {
  const { messages } = await composeTurn(turn.input, {
    self: turn.self,
    card: turn.card,
    contextTokens: CONTEXT_TOKENS,
    speeds: {},
    instruction: JSON_DECISION_INSTRUCTION,
    timeZone: turn.timeZone,
    window: new TranscriptWindow(),
    density: { estimatedPerTrue: 1 },
    countTokens: (all) => Promise.resolve(all.reduce((sum, { content }) => sum + estimateTokens(content), 0)),
  });
  return messages;
}

export async function promptOf(turn: Turn): Promise<string> {
  return render(await composeMessages(turn));
}

/** In the form that the grammar of the decision has. */
export function answerOf({ speak, text }: Expected): string {
  return JSON.stringify(speak ? { speak, text } : { speak, reason: text });
}
