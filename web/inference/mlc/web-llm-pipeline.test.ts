import { describe, expect, it } from 'vitest';
import type { MlcRequest } from './raw-mlc.ts';
import { readPromptsOf, type WebLlmPipeline } from './web-llm-pipeline.ts';

type Messages = MlcRequest['messages'];

const BOS = -1;
const ANSWER = -7;
const HALF_READ = -9;
const CONTEXT_TOKENS = 400;

/** As web-llm's own, with a template of two signs. */
class StandInConversation {
  readonly config = { system_prefix_token_ids: [BOS] };
  override_system_message: string | undefined;
  readonly pieces: string[] = [];

  appendMessage(role: string, text: string): void {
    this.pieces.push(`<${role}>${text}|`);
  }

  appendReplyHeader(role: string): void {
    this.pieces.push(`<${role}>`);
  }

  getPromptArray(): unknown[] {
    return [`<system>${this.override_system_message ?? ''}|`, ...this.pieces];
  }
}

/** Its cache is what web-llm has on the GPU; it clears and reads in the order in which web-llm does it. */
class StandInPipeline implements WebLlmPipeline {
  readonly kvCache: number[] = [];
  readonly tokenizer = {
    encode: (text: string) => Int32Array.from(text, (sign) => sign.codePointAt(0) ?? 0),
  };
  readonly contextWindowSize = CONTEXT_TOKENS;
  readonly slidingWindowSize: number;
  conversation = new StandInConversation();
  filledKVCacheLength = 0;
  scopes = 0;
  /** Breaks off after so many tokens. */
  breaksAfter = Infinity;
  readonly tvm = {
    beginScope: () => {
      this.scopes += 1;
    },
    endScope: () => {
      this.scopes -= 1;
    },
    detachFromCurrentScope: <T>(value: T): T => value,
    getGlobalFunc: (name: string) => {
      expect(name).toBe('vm.builtin.kv_state_popn');
      return (cache: unknown, sequence: unknown, tokens: unknown) => {
        expect([cache, sequence]).toEqual([this.kvCache, { value: 0, type: 'int64' }]);
        const { value, type } = tokens as { value: number; type: string };
        expect(type).toBe('int32');
        expect(value).toBeLessThanOrEqual(this.kvCache.length);
        this.kvCache.length -= value;
      };
    },
    scalar: (value: number, type: string) => ({ value, type }),
  };

  constructor(slidingWindowSize = -1) {
    this.slidingWindowSize = slidingWindowSize;
  }

  resetKVCache(): void {
    this.kvCache.length = 0;
  }

  getInputData(): ReturnType<WebLlmPipeline['getInputData']> {
    const tokens = [
      BOS,
      ...this.conversation.getPromptArray().flatMap((piece) => [...this.tokenizer.encode(String(piece))]),
    ];
    return Promise.resolve([[tokens], tokens.length - 1, () => 0]);
  }

  /** How many tokens were read for it. `continues`: web-llm takes it for the same conversation, and clears nothing. */
  async answer(messages: Messages, answerTokens: number, continues = false): Promise<number> {
    if (!continues) {
      this.resetKVCache();
      this.filledKVCacheLength = 0;
    }
    this.conversation = new StandInConversation();
    for (const { role, content } of messages)
      if (role === 'system') this.conversation.override_system_message = content;
      else this.conversation.appendMessage(role, content);
    this.conversation.appendReplyHeader('assistant');
    const [inputs, count] = await this.getInputData();
    for (const token of inputs.flat()) {
      if ((this.breaksAfter -= 1) < 0) {
        // A chunk has its place before it is read, and is counted afterwards.
        this.kvCache.push(HALF_READ);
        throw new Error('the GPU is gone');
      }
      this.#push(token);
    }
    for (let said = 0; said < answerTokens; said += 1) this.#push(ANSWER);
    return count;
  }

  #push(token: number): void {
    this.kvCache.push(token);
    this.filledKVCacheLength += 1;
  }
}

function stage(pipeline = new StandInPipeline()) {
  const reader = readPromptsOf(pipeline);
  const ask = async (messages: Messages, answerTokens = 3, continues = false): Promise<number> => {
    const read = await pipeline.answer(messages, answerTokens, continues);
    reader.confirm();
    return read;
  };
  /** The cache begins with all of the prompt, whatever stood there before. */
  const expectRead = (messages: Messages): void => {
    const said = messages.slice(1).map(({ role, content }) => `<${role}>${content}|`);
    const whole = `<system>${messages[0]?.content ?? ''}|${said.join('')}<assistant>`;
    const tokens = [BOS, ...pipeline.tokenizer.encode(whole)];
    expect(pipeline.kvCache.slice(0, tokens.length)).toEqual(tokens);
    expect(pipeline.filledKVCacheLength).toBe(pipeline.kvCache.length);
    expect(reader.countTokens(messages)).toBe(tokens.length);
  };
  return { pipeline, reader, ask, expectRead };
}

const room = (...lines: string[]): Messages => [
  { role: 'system', content: 'rules' },
  { role: 'user', content: lines.join('\n') },
];

describe('prompts of a web-llm pipeline', () => {
  it.each([
    ['a new line', ['Kim: hello', 'You are Mira.'], ['Kim: hello', 'Ann: hi', 'You are Mira.']],
    [
      'a line that looks like a card',
      ['Kim: a', 'You are Mira.'],
      ['Kim: a', 'You are Mira.', 'You are Mira.'],
    ],
    ['empty lines', ['', '', 'x'], ['', '', '', 'x']],
    ['line breaks of another kind', ['a\r', 'b\r', 'x'], ['a\r', 'b\n', 'x']],
    ['fewer lines', ['a', 'b', 'c', 'x'], ['a', 'x']],
    ['a trimmed head', ['a', 'b', 'c', 'x'], ['b', 'c', 'x']],
    ['an edited line', ['a', 'b', 'x'], ['a', 'B', 'x']],
    ['signs of two units', ['🦭é海', 'x'], ['🦭é海', '🦭', 'x']],
    ['the same', ['a', 'x'], ['a', 'x']],
  ])('reads what is left of it: %s', async (_what, before, after) => {
    const { reader, ask, expectRead } = stage();
    const whole = await ask(room(...before));
    expect([whole, reader.keptTokens()]).toEqual([reader.countTokens(room(...before)), 0]);
    const read = await ask(room(...after));
    expectRead(room(...after));
    expect(read + reader.keptTokens()).toBe(reader.countTokens(room(...after)));
    expect(reader.keptTokens()).toBeGreaterThanOrEqual('BOS<system>rules|<user>'.length - 2);
    expect(read).toBeGreaterThan(0);
  });

  it('starts at its beginning for other rules', async () => {
    const { reader, ask, expectRead } = stage();
    await ask(room('a'));
    const other = [{ role: 'system', content: 'laws' }, ...room('a').slice(1)] as const;
    await ask(other);
    expectRead(other);
    expect(reader.keptTokens()).toBe(1 + '<system>'.length);
  });

  it('reads a conversation that web-llm goes on with as a whole prompt, with the end of the last answer in it', async () => {
    const { reader, ask, expectRead } = stage();
    await ask(room('a'), 1);
    const next = [...room('a'), { role: 'assistant', content: 'b' }, { role: 'user', content: 'c' }] as const;
    const read = await ask(next, 2, true);
    expectRead(next);
    expect(read).toBe('b|<user>c|<assistant>'.length);
    expect(reader.keptTokens()).toBeGreaterThan(read);
  });

  it('forgets what it could not read to the end', async () => {
    const { pipeline, reader, ask, expectRead } = stage();
    await ask(room('a', 'b'));
    pipeline.breaksAfter = 4;
    await expect(ask(room('a', 'c and more'))).rejects.toThrow('the GPU is gone');
    pipeline.breaksAfter = Infinity;
    await ask(room('a', 'c and more'));
    expect(reader.keptTokens()).toBe(0);
    expectRead(room('a', 'c and more'));
  });

  it('refuses what is longer than the context by the name that web-llm has for it, and drops nothing for it', async () => {
    const { reader, ask, expectRead } = stage();
    await ask(room('a', 'b'));
    const long = room('a', 'b'.repeat(CONTEXT_TOKENS));
    await expect(ask(long)).rejects.toMatchObject({ name: 'ContextWindowSizeExceededError' });
    expect(reader.countTokens(long)).toBeGreaterThan(CONTEXT_TOKENS);
    await ask(room('a', 'b', 'c'));
    expect(reader.keptTokens()).toBeGreaterThan('<system>rules|<user>a\nb'.length);
    expectRead(room('a', 'b', 'c'));
  });

  it('leaves a window that slides to web-llm', async () => {
    const { pipeline, reader, ask, expectRead } = stage(new StandInPipeline(64));
    await ask(room('a'));
    await ask(room('a', 'b'));
    expectRead(room('a', 'b'));
    expect([reader.keptTokens(), pipeline.scopes]).toEqual([0, 0]);
  });

  it('has the whole prompt in its cache after any history', async () => {
    const { pipeline, reader, ask, expectRead } = stage();
    let state = 7;
    const draw = (below: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((state / 2_147_483_648) * below);
    };
    let kept = 0;
    for (let round = 0; round < 300; round += 1) {
      const prompt = room(...Array.from({ length: draw(6) }, () => ['a', 'bb', '', '🦭'][draw(4)] ?? ''));
      pipeline.breaksAfter = draw(5) === 0 ? draw(20) : Infinity;
      try {
        await ask(prompt, draw(4), draw(4) === 0);
      } catch {
        continue;
      }
      expectRead(prompt);
      kept += reader.keptTokens();
    }
    expect(kept).toBeGreaterThan(0);
    expect(pipeline.scopes).toBe(0);
  });
});
