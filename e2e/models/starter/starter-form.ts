/** Owns the form of the starter mind that data, tokenizer and evaluation share: context, control marks, whole phrases. */
import { JSON_DECISION_INSTRUCTION } from '../../../shared/inference/decision.ts';
import { HOUSE_RULES } from '../../../web/brain/compose/prompt-form.ts';

/** Prompts take at most three quarters of it; so much is trained. */
export const CONTEXT_TOKENS = 2_048;

export const TURN_END = '<|im_end|>';
export const CONTROL_TOKENS: readonly string[] = ['<|endoftext|>', '<|im_start|>', TURN_END];

/**
 * Fixed phrases of prompt form 1, with the marks around them, that the tokenizer reads as one token each; where one begins
 * like another, the longest is read. They are the same bytes in every prompt,
 * so a model of this size need not spend its context, its training and the person's waiting time on their words.
 */
export const FRAME_PHRASES: readonly string[] = [
  `<|im_start|>system\n${HOUSE_RULES}<|im_end|>\n<|im_start|>user\n`,
  `. ${JSON_DECISION_INSTRUCTION}<|im_end|>\n<|im_start|>assistant\n`,
  '<|im_end|>\n<|im_start|>user\nYou are ',
  'What you remember:\n',
  '- nothing yet\n',
  'With you in the room "',
  'Of the last ',
  ' are by people and ',
  ' by you; you have not spoken yet.\n',
  ' by you; you spoke ',
  ' seconds ago.\n',
  'The new line, to ',
  'The new line, to nobody named:\n',
  'The new line, to you:\n',
  'Now decide as ',
  ' Your voice: ',
  ' (a person)',
  ' (a persona)',
  ' (a program)',
];

/** The form of the decision, said as one token each; text is never read as them. */
export const DECISION_PHRASES: readonly string[] = [
  '{"speak":true,"text":"',
  '{"speak":false,"reason":"',
  '"}',
];
