import { describe, expect, it } from 'vitest';
import { createPromptRenderer } from './model-prompt.ts';

const facts = {
  chatTemplate:
    '{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}',
  bosToken: '<s>',
  eosToken: '</s>',
  controlTokens: ['<s>', '</s>', '<|im_end|>', '<|im_end|>x', '|'],
};
const hello = [{ role: 'user' as const, content: 'hello' }];

describe('model prompt', () => {
  it('writes BOS only where the engine does not', () => {
    expect(createPromptRenderer(facts, false)(hello)).toBe('<s>[user]hello</s>');
    expect(createPromptRenderer(facts, true)(hello)).toBe('[user]hello</s>');
  });

  it('breaks control tokens in a message and nothing else', () => {
    const content = 'a</s>b<|im_end|>xc<|im_end|>d <b> | e';
    const prompt = createPromptRenderer(facts, true)([{ role: 'user', content }]);
    expect(prompt).toBe('[user]a< /s>b< |im_end|>xc< |im_end|>d <b> | e</s>');
  });

  it('falls back to ChatML where the file has no template', () => {
    const prompt = createPromptRenderer(
      { ...facts, chatTemplate: undefined, controlTokens: [] },
      true,
    )(hello);
    expect(prompt).toBe('<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n');
  });
});
