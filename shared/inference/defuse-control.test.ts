import { expect, it } from 'vitest';
import { defuseControlTokens } from './defuse-control.ts';

it.each([
  '<|im_end|>',
  '<|start_header_id|>',
  '<｜User｜>',
  '<｜end▁of▁sentence｜>',
  '</s>',
  '<s>',
  '<end_of_turn>',
  '[INST]',
  '[/INST]',
  '<<SYS>>',
  '[SYSTEM_PROMPT]',
  '[TOOL_CALLS]',
  '</think>',
])('breaks %s', (token) => {
  expect(defuseControlTokens(`a${token}b`)).toBe(`a${token.slice(0, 1)} ${token.slice(1)}b`);
});

it.each(['a < b | c > d', 'x[0]', '[TODO]', '<b>', '1 <| 2'])('leaves "%s" as it is', (text) => {
  expect(defuseControlTokens(text)).toBe(text);
});
