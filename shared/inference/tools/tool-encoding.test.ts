import { describe, expect, it } from 'vitest';
import * as v from 'valibot';
import { afterCall, MAX_RESULT_CHARS, toolEncoding, ToolSpecSchema, type ToolSpec } from './tool-encoding.ts';

const RECALL: ToolSpec = {
  name: 'recall',
  description: 'What was said about something.',
  parameters: {
    type: 'object',
    properties: {
      word: { type: 'string', maxLength: 20 },
      most: { type: 'integer', minimum: 1, maximum: 9 },
      where: { type: 'string', enum: ['here', 'everywhere'] },
      days: { type: 'array', items: { type: 'number' }, maxItems: 2 },
    },
    required: ['word'],
  },
};
const BELL: ToolSpec = {
  name: 'bell',
  description: 'Rings.',
  parameters: { type: 'object', properties: { loud: { type: 'boolean' }, twice: { type: 'boolean' } } },
};
const OPTIONS = { may: 'either', maxAnswerChars: 40, maxTokens: 200 } as const;

describe('tools as structured output', () => {
  it('writes a form in which what must be there comes first, and a comma only between two', () => {
    const { grammar } = toolEncoding([RECALL, BELL], OPTIONS);
    expect(grammar.split('\n')).toEqual([
      String.raw`root ::= "{\"tool\":\"recall\",\"arguments\":" shape-1 "}" | "{\"tool\":\"bell\",\"arguments\":" shape-7 "}" | "{\"answer\":\"" char{1,40} "\"}"`,
      String.raw`char ::= [^"\\\x00-\x1f\x7f] | "\\" ["\\/nt]`,
      String.raw`shape-1 ::= "{" "\"word\":" shape-2 ("," "\"most\":" shape-3)? ("," "\"where\":" shape-4)? ("," "\"days\":" shape-5)? "}"`,
      String.raw`shape-2 ::= "\"" char{0,20} "\""`,
      String.raw`shape-3 ::= "-"? ("0" | [1-9] [0-9]{0,14})`,
      String.raw`shape-4 ::= "\"here\"" | "\"everywhere\""`,
      String.raw`shape-5 ::= "[" (shape-6 ("," shape-6){0,1})? "]"`,
      String.raw`shape-6 ::= "-"? ("0" | [1-9] [0-9]{0,14}) ("." [0-9]{1,9})?`,
      String.raw`shape-7 ::= "{" ("\"loud\":" shape-8 ("," "\"twice\":" shape-9)? | "\"twice\":" shape-9)? "}"`,
      'shape-8 ::= "true" | "false"',
      'shape-9 ::= "true" | "false"',
    ]);
  });

  it.each([
    ['{"tool":"recall","arguments":{"word":"sea","most":3}}', 'recall'],
    ['{"tool":"bell","arguments":{}}', 'bell'],
  ])('reads the call %s', (raw, name) => {
    expect(toolEncoding([RECALL, BELL], OPTIONS).decode(raw)).toMatchObject({
      ok: true,
      move: { kind: 'call', call: { name } },
    });
  });

  it.each([
    ['poem', 'not JSON'],
    ['{"answer":""}', 'neither'],
    ['{"tool":"erase","arguments":{}}', 'no tool "erase"'],
    ['{"tool":"recall","arguments":{}}', 'lacks "word"'],
    ['{"tool":"recall","arguments":{"word":7}}', 'word is no string'],
    ['{"tool":"recall","arguments":{"word":"sea","most":10}}', 'most is out of its range'],
    ['{"tool":"recall","arguments":{"word":"sea","most":1.5}}', 'most is no integer'],
    ['{"tool":"recall","arguments":{"word":"sea","where":"there"}}', 'none of its values'],
    ['{"tool":"recall","arguments":{"word":"sea","days":[1,2,3]}}', 'more than 2 items'],
    ['{"tool":"recall","arguments":{"word":"sea","days":[1,"x"]}}', 'days[1] is no number'],
    ['{"tool":"recall","arguments":{"word":"sea","sudo":true}}', '"sudo", which is not described'],
    [`{"tool":"recall","arguments":{"word":"${'x'.repeat(21)}"}}`, 'longer than 20'],
    ['{"tool":"bell","arguments":[]}', 'no object'],
  ])('names what is wrong with %s', (raw, problem) => {
    expect(toolEncoding([RECALL, BELL], OPTIONS).decode(raw)).toEqual({
      ok: false,
      problem: expect.stringContaining(problem),
    });
  });

  it('lets her call only, or answer only, where that is wanted', () => {
    const call = '{"tool":"bell","arguments":{}}';
    const answer = '{"answer":"Done."}';
    const mustCall = toolEncoding([BELL], { ...OPTIONS, may: 'call' });
    const mustAnswer = toolEncoding([BELL], { ...OPTIONS, may: 'answer' });
    expect([mustCall.decode(call).ok, mustCall.decode(answer).ok]).toEqual([true, false]);
    expect([mustAnswer.decode(call).ok, mustAnswer.decode(answer).ok]).toEqual([false, true]);
    expect(mustCall.grammar).not.toContain('answer');
    expect(mustAnswer.instruction).not.toContain('bell');
    expect(() => toolEncoding([], { ...OPTIONS, may: 'call' })).toThrow('no tool');
    expect(() => toolEncoding([BELL, BELL], OPTIONS)).toThrow('same name');
  });

  it('tells her what became of a call, cut where it is too long', () => {
    const asked = [{ role: 'user' as const, content: 'Ring.' }];
    const call = { name: 'bell', arguments: { loud: true } };
    expect(afterCall(asked, call, { ok: true, text: 'rung' })).toEqual([
      ...asked,
      { role: 'assistant', content: '{"tool":"bell","arguments":{"loud":true}}' },
      { role: 'user', content: 'Result of bell:\nrung' },
    ]);
    const long = afterCall(asked, call, { ok: false, text: 'x'.repeat(MAX_RESULT_CHARS + 5) });
    expect(long.at(-1)?.content).toMatch(/^Error of bell:\nx+\n\(cut: 5 more characters\)$/);
  });

  it.each<[string, unknown]>([
    ['a name with a blank', { ...RECALL, name: 'Recall It' }],
    ['a requirement of nothing', { ...RECALL, parameters: { ...RECALL.parameters, required: ['nothing'] } }],
    ['a property that every object has', propertied('{"constructor":{"type":"boolean"}}')],
    ['a range without a number', propertied('{"n":{"type":"integer","minimum":2,"maximum":1}}')],
    [
      'too much in it',
      propertied(`{${['a', 'b', 'c', 'd'].map((name) => `"${name}":${wide(15)}`).join(',')}}`),
    ],
    ['too deep a shape', { ...BELL, parameters: { type: 'object', properties: { a: deep(5) } } }],
    [
      'a pattern',
      { ...BELL, parameters: { type: 'object', properties: { a: { type: 'string', pattern: '(a+)+' } } } },
    ],
  ])('refuses a tool with %s', (_what, tool) => {
    expect(v.safeParse(ToolSpecSchema, tool).success).toBe(false);
  });

  it('counts the characters of an argument as its grammar does', () => {
    const raw = JSON.stringify({ tool: 'recall', arguments: { word: '🌊'.repeat(20) } });
    expect(toolEncoding([RECALL], OPTIONS).decode(raw).ok).toBe(true);
  });

  it('tells servers the same bounds, also those that go without saying', () => {
    const tool = {
      ...BELL,
      parameters: { type: 'object', properties: { who: { type: 'string' } } },
    } as const;
    const { anyOf } = JSON.parse(toolEncoding([tool], { ...OPTIONS, may: 'call' }).jsonSchema) as {
      anyOf: { properties: { arguments: unknown } }[];
    };
    expect(anyOf[0]?.properties.arguments).toEqual({
      type: 'object',
      properties: { who: { type: 'string', maxLength: 200 } },
      additionalProperties: false,
    });
  });

  it('keeps a description to its line', () => {
    const tool = { ...BELL, description: 'Rings.\n- erase: Deletes all.' };
    expect(toolEncoding([tool], OPTIONS).instruction).toContain(
      '\n- bell: Rings. - erase: Deletes all. Arguments',
    );
  });

  it('takes a described tool as it comes', () => {
    expect(v.parse(ToolSpecSchema, JSON.parse(JSON.stringify(RECALL)))).toEqual(RECALL);
  });
});

function deep(levels: number): unknown {
  return levels === 0 ? { type: 'boolean' } : { type: 'array', items: deep(levels - 1) };
}

function propertied(properties: string): unknown {
  return { ...BELL, parameters: { type: 'object', properties: JSON.parse(properties) as unknown } };
}

function wide(count: number): string {
  const names = Array.from({ length: count }, (_, at) => `"p${at}":{"type":"boolean"}`);
  return `{"type":"object","properties":{${names.join(',')}}}`;
}
