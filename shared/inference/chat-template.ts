/** Owns turning messages into the prompt text of a model by the Jinja template in its file, within bounds. */
import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja';
import { AppError } from '../errors.ts';
import type { ChatMessage } from './generate.ts';

/** Longest template that is read; the largest ones in use (tools, vision, reasoning) stay below 20,000. */
export const MAX_TEMPLATE_CHARS = 64 * 1024;
/** Longest rendered prompt, and longest string on the way to it: far above what any context holds. */
export const MAX_PROMPT_CHARS = 4 * 1024 * 1024;
/** A template comes with a foreign file and may loop: 64 messages through a large template take under 20,000 steps. */
const MAX_STEPS = 300_000;
const MAX_LIST_ITEMS = 10_000;

/**
 * ChatML, for files that carry no template of their own. The lane that uses it says so in its report.
 */
export const CHATML_TEMPLATE =
  "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

export interface RenderOptions {
  /** Ends the prompt where the model's answer begins. */
  readonly addGenerationPrompt: boolean;
  /** Texts of the file's special tokens; empty where it has none. */
  readonly bosToken: string;
  readonly eosToken: string;
}

/**
 * The prompt text. Where the template refuses the messages (it demands alternation) or leaves one out (it knows no
 * system role), they are joined into fewer messages in the same order until it takes all of them.
 * Throws `ModelUnsupported` when it takes none of these, is too large, or does not end.
 */
export function renderChat(
  template: string,
  messages: readonly ChatMessage[],
  options: RenderOptions,
): string {
  const program = parseTemplate(template);
  let refusal: unknown;
  for (const form of [messages, joinNeighbours(messages), joinNeighbours(systemAsUser(messages))]) {
    try {
      const text = run(program, form, options);
      if (holdsAll(text, form)) return text;
      refusal = new Error('it left a message out');
    } catch (error) {
      if (error instanceof AppError) throw error;
      refusal = error;
    }
  }
  throw unsupported('refused every form of the messages', refusal);
}

type Program = ReturnType<typeof parse>;
type Value = ReturnType<Interpreter['evaluate']>;

function parseTemplate(template: string): Program {
  if (template.length > MAX_TEMPLATE_CHARS) throw unsupported(`has ${template.length} characters`);
  try {
    return parse(tokenize(template, { lstrip_blocks: true, trim_blocks: true }));
  } catch (error) {
    throw unsupported('cannot be parsed', error);
  }
}

function run(program: Program, messages: readonly ChatMessage[], options: RenderOptions): string {
  const rendered = new BoundedInterpreter(templateScope(messages, options)).run(program);
  if (typeof rendered.value !== 'string') throw unsupported('gives no text');
  return rendered.value;
}

/**
 * The names a template may use. The time of day is not among them: the same messages have to give the same prompt on
 * every lane, and a prompt that changes early in the text throws the engine's prefix cache away.
 */
function templateScope(messages: readonly ChatMessage[], options: RenderOptions): Environment {
  const scope = new Environment();
  for (const [name, value] of [
    ['true', true],
    ['True', true],
    ['false', false],
    ['False', false],
    ['none', null],
    ['None', null],
    ['raise_exception', refuse],
    ['range', boundedRange],
    ['messages', messages.map(({ role, content }) => ({ role, content }))],
    ['add_generation_prompt', options.addGenerationPrompt],
    ['bos_token', options.bosToken],
    ['eos_token', options.eosToken],
    // The decision form leaves no room for a chain of thought before it.
    ['enable_thinking', false],
  ] as const)
    scope.set(name, value);
  return scope;
}

function refuse(message: unknown): never {
  throw new Error(String(message));
}

function boundedRange(first: number, second?: number, step = 1): number[] {
  const [from, to] = second === undefined ? [0, first] : [first, second];
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (!(length <= MAX_LIST_ITEMS)) throw unsupported('loops without end');
  return Array.from({ length }, (_, index) => from + index * step);
}

/** Counts every evaluation, and the size of what it gave: one loop step may copy a list of thousands. */
class BoundedInterpreter extends Interpreter {
  #steps = 0;

  override evaluate(...args: Parameters<Interpreter['evaluate']>): Value {
    const result = super.evaluate(...args);
    const { value } = result;
    if (typeof value === 'string' && value.length > MAX_PROMPT_CHARS)
      throw unsupported('gives too much text');
    if (Array.isArray(value) && value.length > MAX_LIST_ITEMS) throw unsupported('builds too long a list');
    this.#steps +=
      1 + (Array.isArray(value) ? value.length : typeof value === 'string' ? value.length >> 10 : 0);
    if (this.#steps > MAX_STEPS) throw unsupported('does not end');
    return result;
  }
}

function joinNeighbours(messages: readonly ChatMessage[]): ChatMessage[] {
  const joined: ChatMessage[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    if (last?.role === message.role)
      joined[joined.length - 1] = { ...last, content: `${last.content}\n\n${message.content}` };
    else joined.push(message);
  }
  return joined;
}

function systemAsUser(messages: readonly ChatMessage[]): ChatMessage[] {
  return messages.map((message) => (message.role === 'system' ? { ...message, role: 'user' } : message));
}

/** Templates may trim a message, and may shorten what the model said itself; anything else has to be there. */
function holdsAll(text: string, messages: readonly ChatMessage[]): boolean {
  let from = 0;
  for (const { role, content } of messages) {
    if (role === 'assistant') continue;
    const at = text.indexOf(content.trim(), from);
    if (at < 0) return false;
    from = at + content.trim().length;
  }
  return true;
}

function unsupported(what: string, cause?: unknown): AppError {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new AppError('ModelUnsupported', `The model's chat template ${what}${why}.`, { cause });
}
