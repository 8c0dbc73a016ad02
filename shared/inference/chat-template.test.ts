import { describe, expect, it } from 'vitest';
import { AppError } from '../errors.ts';
import { CHATML_TEMPLATE, MAX_TEMPLATE_CHARS, renderChat, type RenderOptions } from './chat-template.ts';
import type { ChatMessage } from './generate.ts';

const OPTIONS: RenderOptions = { addGenerationPrompt: true, bosToken: '<s>', eosToken: '</s>' };
const FORM_1: readonly ChatMessage[] = [
  { role: 'system', content: 'House rules.' },
  { role: 'user', content: 'Ann: hello\nKira: hi' },
  { role: 'user', content: 'You are Maya. Answer Ann.' },
];

/** Demands user/assistant alternation and takes a system message first, as Llama 2 and Mistral do. */
const ALTERNATING =
  "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set sys = messages[0]['content'] %}{% set rest = messages[1:] %}{% else %}{% set rest = messages %}{% set sys = '' %}{% endif %}" +
  "{% for m in rest %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}" +
  "{% if m['role'] == 'user' %}[INST] {{ (sys + ' ' if loop.first and sys else '') + m['content'] | trim }} [/INST]{% else %}{{ m['content'] + eos_token }}{% endif %}{% endfor %}";
/** Knows no system role, as Gemma. */
const NO_SYSTEM =
  "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" +
  "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('alternate') }}{% endif %}<turn>{{ m['role'] }}\n{{ m['content'] | trim }}<end>\n{% endfor %}{% if add_generation_prompt %}<turn>model\n{% endif %}";
/** Drops what is not user or assistant without a word. */
const DROPS_SYSTEM =
  "{% for m in messages %}{% if m.role == 'user' %}U:{{ m.content }}\n{% endif %}{% endfor %}A:";

const failure = (run: () => unknown): AppError => {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('expected an AppError');
};

describe('renderChat', () => {
  it('renders every message as its own turn where the template takes it', () => {
    expect(renderChat(CHATML_TEMPLATE, FORM_1, OPTIONS)).toBe(
      '<|im_start|>system\nHouse rules.<|im_end|>\n<|im_start|>user\nAnn: hello\nKira: hi<|im_end|>\n' +
        '<|im_start|>user\nYou are Maya. Answer Ann.<|im_end|>\n<|im_start|>assistant\n',
    );
  });

  it('joins neighbours of one role where the template demands alternation', () => {
    expect(renderChat(ALTERNATING, FORM_1, OPTIONS)).toBe(
      '<s>[INST] House rules. Ann: hello\nKira: hi\n\nYou are Maya. Answer Ann. [/INST]',
    );
  });

  it('joins the system message into the user message where there is no system role', () => {
    const joined = 'House rules.\n\nAnn: hello\nKira: hi\n\nYou are Maya. Answer Ann.';
    expect(renderChat(NO_SYSTEM, FORM_1, OPTIONS)).toBe(`<s><turn>user\n${joined}<end>\n<turn>model\n`);
  });

  it('never loses a message that the template leaves out in silence', () => {
    const text = renderChat(DROPS_SYSTEM, FORM_1, OPTIONS);
    expect(text).toContain('House rules.');
    expect(text).toContain('Answer Ann.');
  });

  it('leaves the answer open only when asked to', () => {
    const text = renderChat(CHATML_TEMPLATE, FORM_1, { ...OPTIONS, addGenerationPrompt: false });
    expect(text.endsWith('<|im_end|>\n')).toBe(true);
  });

  it('hands the same prompt out at any time of day', () => {
    const dated =
      "{% if strftime_now is defined %}{{ strftime_now('%H:%M:%S') }}{% endif %}" + CHATML_TEMPLATE;
    expect(renderChat(dated, FORM_1, OPTIONS)).toBe(renderChat(CHATML_TEMPLATE, FORM_1, OPTIONS));
  });

  it.each([
    ['longer than the limit', 'x'.repeat(MAX_TEMPLATE_CHARS + 1)],
    ['not Jinja', '{% for %}{{'],
    ['refusing everything', "{{ raise_exception('never') }}"],
    ['taking no message at all', 'constant'],
    ['a huge range', '{% for i in range(1000000000) %}x{% endfor %}'],
    ['a range without end', '{% for i in range(0, 10, 0) %}x{% endfor %}'],
    [
      'nested loops',
      '{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}',
    ],
    [
      'a doubling string',
      "{% set ns = namespace(x='xxxxxxxx') %}{% for i in range(64) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}",
    ],
    [
      'a doubling list',
      '{% set ns = namespace(x=[1,2]) %}{% for i in range(64) %}{% set ns.x = ns.x + ns.x %}{% endfor %}',
    ],
    ['a macro that calls itself', '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}'],
    ['deep nesting', `{{ ${'('.repeat(20_000)}1${')'.repeat(20_000)} }}`],
  ])('names a template that is %s', (_, template) => {
    expect(failure(() => renderChat(template, FORM_1, OPTIONS)).code).toBe('ModelUnsupported');
  });
});
