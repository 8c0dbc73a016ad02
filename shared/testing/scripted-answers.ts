/** Owns what a scripted lane says when nothing was scripted: a declared heuristic, the same text for the same request. */
import type { GenerateRequest } from '../inference/generate.ts';

/** Raw model output for a request; `index` counts the requests of the lane from 0. */
export type ScriptedAnswer = (request: GenerateRequest, index: number) => string;

/** `{"speak":true,"text":…}`, as a model that keeps to the decision form would write it. */
export function spokenJson(text: string): string {
  return JSON.stringify({ speak: true, text });
}

/** `{"speak":false,"reason":…}`. */
export function silentJson(reason: string): string {
  return JSON.stringify({ speak: false, reason });
}

/**
 * Speaks when the last message holds a question mark, else stays silent; with no grammar it answers in plain words.
 * The text carries a hash of the prompt, so that different prompts give different answers.
 */
export const heuristicAnswer: ScriptedAnswer = (request) => {
  const last = request.messages.at(-1)?.content ?? '';
  const mark = promptHash(request);
  if (request.grammar === undefined) return `heard ${mark} and thought about it for a while`;
  return last.includes('?') ? spokenJson(`My answer is ${mark}.`) : silentJson('Nobody asked anything.');
};

/** FNV-1a over all messages, as eight hex digits. */
function promptHash(request: GenerateRequest): string {
  let hash = 0x811c9dc5;
  for (const char of request.messages.map((message) => message.content).join('\n')) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return hash.toString(16).padStart(8, '0');
}
