/** Owns the one prompt text that every lane feeds its engine: template, special tokens, and what foreign text may not do. */
import { CHATML_TEMPLATE, renderChat } from './chat-template.ts';
import type { ChatMessage } from './generate.ts';
import type { GgufHeader } from './gguf-header.ts';

export type PromptFacts = Pick<GgufHeader, 'chatTemplate' | 'bosToken' | 'eosToken' | 'controlTokens'>;

/** Throws `ModelUnsupported` when the model's template cannot take the messages. */
export type RenderPrompt = (messages: readonly ChatMessage[]) => string;

/**
 * A file without a template gets ChatML; the lane's report has to say so. `engineAddsBos`: the engine puts the BOS
 * token before every prompt by itself, so the template must not add a second one.
 */
export function createPromptRenderer(facts: PromptFacts, engineAddsBos: boolean): RenderPrompt {
  const template = facts.chatTemplate ?? CHATML_TEMPLATE;
  const options = {
    addGenerationPrompt: true,
    bosToken: engineAddsBos ? '' : facts.bosToken,
    eosToken: facts.eosToken,
  };
  const defuse = createDefuser(facts.controlTokens);
  return (messages) =>
    renderChat(
      template,
      messages.map(({ role, content }) => ({ role, content: defuse(content) })),
      options,
    );
}

/**
 * The engine reads control tokens anywhere in the text. One that foreign text brings along is broken by a space after
 * its first character: whoever writes `<|im_end|>` into a room must not end a message of the prompt with it.
 */
export function createDefuser(controlTokens: readonly string[]): (text: string) => string {
  const control = anyOf(controlTokens);
  return (text) =>
    control ? text.replace(control, (token) => `${token.slice(0, 1)} ${token.slice(1)}`) : text;
}

/** Longest first, so that a token is not broken inside a longer one. A single character cannot be broken. */
function anyOf(tokens: readonly string[]): RegExp | undefined {
  const breakable = tokens.filter((token) => token.length > 1).toSorted((a, b) => b.length - a.length);
  if (breakable.length === 0) return undefined;
  return new RegExp(
    breakable.map((token) => token.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join('|'),
    'g',
  );
}
