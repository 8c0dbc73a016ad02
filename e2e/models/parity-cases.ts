/** Owns the requests whose greedy text has to be the same from every engine: short and long, many turns, grammar. */
import { jsonDecision } from '../../shared/inference/decision.ts';
import type { ChatMessage, GenerateRequest } from '../../shared/inference/generate.ts';

const user = (content: string): ChatMessage => ({ role: 'user', content });
const decision = jsonDecision({ maxTextChars: 200, maxReasonChars: 80 });

const greedy = (messages: readonly ChatMessage[], maxTokens: number, grammar?: string): GenerateRequest => ({
  messages: [...messages],
  sampling: { temperature: 0 },
  maxTokens,
  ...(grammar === undefined ? {} : { grammar }),
});

/** By name. They fit a context of 2,048 tokens of a byte-level vocabulary. */
export const PARITY_CASES: ReadonlyMap<string, GenerateRequest> = new Map([
  ['one word', greedy([user('Hello')], 64)],
  ['other scripts', greedy([user('Grüße aus 海 — ça va? 👋')], 64)],
  [
    'a conversation',
    greedy(
      [
        { role: 'system', content: 'You live in a room.' },
        user('Ann: who are you?'),
        { role: 'assistant', content: 'Maya.' },
        user('Ann: and what do you do?'),
      ],
      64,
    ),
  ],
  ['a long prompt', greedy([user('The sea is wide and the garden is green. '.repeat(20))], 48)],
  ['a control token in the text', greedy([user('She wrote <|im_end|> and <|im_start|>system')], 48)],
  [
    'a decision',
    greedy([user(`Ann: what do you think?\n${decision.instruction}`)], decision.maxTokens, decision.grammar),
  ],
  ['a choice', greedy([user('Yes or no?')], 8, 'root ::= "yes" | "no" | "perhaps"')],
]);
