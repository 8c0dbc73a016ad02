/** Owns the translation of the canonical request into what web-llm takes. */
import { defuseControlTokens } from '../../../shared/inference/defuse-control.ts';
import type { ChatMessage, GenerateRequest } from '../../../shared/inference/generate.ts';
import type { MlcRequest } from './raw-mlc.ts';

export function mlcRequest({ messages, sampling, maxTokens, grammar, stop }: GenerateRequest): MlcRequest {
  const { temperature, topP, repeatPenalty, seed } = sampling;
  return {
    messages: mlcMessages(messages),
    temperature,
    maxTokens,
    topP,
    repeatPenalty,
    seed,
    stop,
    grammar,
  };
}

/** Its templates want turns that alternate: what one says in several messages becomes one, in the same order. */
export function mlcMessages(messages: readonly ChatMessage[]): MlcRequest['messages'] {
  const joined: { role: ChatMessage['role']; content: string }[] = [];
  for (const { role, content } of messages) {
    const last = joined.at(-1);
    const text = defuseControlTokens(content);
    if (last?.role === role) last.content += `\n\n${text}`;
    else joined.push({ role, content: text });
  }
  return joined;
}
