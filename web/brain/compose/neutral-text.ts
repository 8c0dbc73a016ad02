/**
 * Owns making foreign text harmless as part of a prompt: one message stays one line, and nothing in it can pass for the
 * frame of the prompt. Its meaning is left alone; what it asks for is the model's to judge.
 */

/** Longest name as a prompt shows it, in UTF-16 units. */
const MAX_NAME_CHARS = 32;

/** Not text in any encoding. */
const LONE_SURROGATES = /\p{Surrogate}/gu;
const LINE_BREAKS = /\s*[\n\r\v\f\u0085\u2028\u2029]\s*/gu;
/** Control characters, and signs that only steer how other signs are shown. */
const INVISIBLE = /[\p{Cc}\u200B\u2060\uFEFF\u202A-\u202E\u2066-\u2069]/gu;
/** Openings of the marks that model families put around turns, thoughts and tool calls. */
const CONTROL_MARKS: readonly (readonly [RegExp, string])[] = [
  [/<(?=\|)/gu, '< '],
  [/\|(?=>)/gu, '| '],
  [
    /<(?=\/?(?:s|bos|eos|pad|unk|think|thinking|tool_[a-z]+|start_of_turn|end_of_turn|im_start|im_end)\s*>)/giu,
    '< ',
  ],
  [/\[(?=\/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\])/giu, '[ '],
  [/<(?=<\/?SYS>>)/giu, '< '],
];

/** `text` as one line without control marks. Line breaks become " / ". */
export function neutralText(text: string): string {
  let line = text
    .replace(LONE_SURROGATES, '\uFFFD')
    .trim()
    .replace(LINE_BREAKS, ' / ')
    .replace(INVISIBLE, '');
  for (const [mark, broken] of CONTROL_MARKS) line = line.replace(mark, broken);
  return line;
}

/** A name that fits before a colon; "somebody" when nothing of it is left. */
export function neutralName(name: string): string {
  const line = neutralText(name)
    .replaceAll(/[:：@]/gu, ' ')
    .replaceAll(/\s+/gu, ' ');
  return line.slice(0, MAX_NAME_CHARS).replace(LONE_SURROGATES, '').trim() || 'somebody';
}
