/** Owns what every lane must do, as named cases that run in vitest and in a browser page alike. */
import { AppError, type ErrorCode } from '../errors.ts';
import { jsonDecision } from '../inference/decision.ts';
import { MAX_EMBED_CHARS, MAX_EMBED_TOKENS } from '../inference/embedding.ts';
import {
  afterCall,
  toolEncoding,
  type ToolEncoding,
  type ToolMove,
  type ToolSpec,
} from '../inference/tools/tool-encoding.ts';
import type { ChatMessage, GenerateChunk, GenerateRequest, GenerateResult } from '../inference/generate.ts';
import type { InferenceLane } from '../inference/lane.ts';

/** The lane under test. Cases run in order on one lane; the last one disposes it. */
export interface LaneSubject {
  open(): Promise<InferenceLane>;
  /** Kills the engine under the lane (child process, worker). Without it, death is not tried. */
  readonly kill?: (lane: InferenceLane) => void | Promise<void>;
  /** False where lane or model has no embeddings, which must then be said by name. */
  readonly embeds: boolean;
  /** False where the lane has no LoRA adapters, which must then be said by name. True where it knows none of its own id. */
  readonly takesAdapters: boolean;
  /** False for a fake that cannot follow a grammar. */
  readonly followsGrammar: boolean;
  /** Tokens that a plain generation surely reaches before it ends by itself; at least 8. */
  readonly longAnswerTokens: number;
}

export interface LaneCase {
  readonly name: string;
  /** Rejects with an Error that says what was expected. */
  run(): Promise<void>;
}

export function laneAcceptance(subject: LaneSubject): readonly LaneCase[] {
  let opened: Promise<InferenceLane> | undefined;
  const lane = (): Promise<InferenceLane> => (opened ??= subject.open());
  const cases: LaneCase[] = [];
  const add = (name: string, run: (lane: InferenceLane) => Promise<void>): void => {
    cases.push({ name, run: async () => run(await lane()) });
  };

  add('reports what it is', async ({ report }) => {
    check(report.contextTokens > 0 && report.threads >= 1, 'context and threads are positive');
    check(report.evidence.length > 0 && report.model.name.length > 0, 'evidence and model name are told');
  });

  add('warms up', async (it) => {
    const { firstTokenMs, totalMs } = await it.warmup();
    check(firstTokenMs <= totalMs, 'the first token is not later than the end');
  });

  add('streams progress, then deltas, then one result that is their sum', async (it) => {
    const chunks = await readAll(it.generate(plain('Tell me about the sea.', 16)));
    const order = chunks.map((chunk) => chunk.kind).join(' ');
    check(/^(progress )*(delta )+done$/.test(order), `progress* delta+ done, got: ${order}`);
    const result = resultOf(chunks);
    check(textOf(chunks) === result.text, 'the deltas joined are the text of the result');
    check(result.completionTokens >= 1 && result.completionTokens <= 16, 'maxTokens bounds the answer');
    check(result.firstTokenMs <= result.totalMs, 'the first token is not later than the end');
  });

  add('counts the tokens of a prompt as the engine sees it', async (it) => {
    const request = plain('How many tokens has this? Ünïcode, too: 海.', 2);
    const counted = await it.countPromptTokens(request.messages);
    const { promptTokens } = resultOf(await readAll(it.generate(request)));
    check(counted === promptTokens, `counted ${counted}, the engine says ${promptTokens}`);
  });

  add('is greedy at temperature 0: the same text again', async (it) => {
    const first = resultOf(await readAll(it.generate(plain('Once upon a time', 24))));
    await readAll(it.generate(plain('Something else in between.', 4)));
    const second = resultOf(await readAll(it.generate(plain('Once upon a time', 24))));
    check(first.text === second.text, `${JSON.stringify(first.text)} is not ${JSON.stringify(second.text)}`);
  });

  if (subject.followsGrammar) {
    add('keeps to a grammar', async (it) => {
      const request = { ...plain('Yes or no?', 8), grammar: 'root ::= "yes" | "no"' };
      const result = resultOf(await readAll(it.generate(request)));
      check(/^(yes|no)$/.test(result.text), `yes or no, got ${JSON.stringify(result.text)}`);
      check(result.finishReason === 'stop', 'the grammar ended it, not the limit');
    });
  }

  add('closes a decision within its tokens', async (it) => {
    const encoding = jsonDecision({ maxTextChars: 40, maxReasonChars: 40 });
    const request = {
      ...plain(`What do you think?\n${encoding.instruction}`, encoding.maxTokens),
      grammar: encoding.grammar,
      jsonSchema: encoding.jsonSchema,
    };
    const result = resultOf(await readAll(it.generate(request)));
    const decoded = encoding.decode(result.text);
    // Random weights may say nothing but blanks; the form itself must be whole.
    check(decoded.ok || decoded.problem.includes('said nothing'), `a decision, got ${result.text}`);
  });

  if (subject.followsGrammar) {
    add('calls a tool, hears what became of it, and answers', async (it) => {
      const limits = { maxAnswerChars: 24, maxTokens: 160 };
      const mustCall = toolEncoding([RECALL], { ...limits, may: 'call' });
      const asked = plain(`What was said about the sea?\n${mustCall.instruction}`, 1);
      const first = await moveOf(it, asked.messages, mustCall);
      check(first.kind === 'call' && first.call.name === 'recall', 'the tool is called');
      const mustAnswer = toolEncoding([RECALL], { ...limits, may: 'answer' });
      const heard = afterCall(asked.messages, first.call, { ok: true, text: 'It is cold.' });
      const second = await moveOf(it, heard, mustAnswer);
      check(second.kind === 'answer', 'she answers');
    });
  }

  const unknownId = '0'.repeat(64);
  add('names an adapter that it cannot put on the model, and works on', async (it) => {
    const request = { ...plain('Once upon a time', 12), adapters: [{ id: unknownId, scale: 1 }] };
    const refusal = subject.takesAdapters ? 'AdapterNotFound' : 'AdaptersUnsupported';
    await rejects(refusal, readAll(it.generate(request)));
    resultOf(await readAll(it.generate(plain('Hello', 4))));
  });

  add('gives the text of the model alone for no adapters, and for those with a scale of 0', async (it) => {
    const alone = resultOf(await readAll(it.generate(plain('Once upon a time', 12))));
    for (const adapters of [[], [{ id: unknownId, scale: 0 }]]) {
      const request = { ...plain('Once upon a time', 12), adapters };
      const { text } = resultOf(await readAll(it.generate(request)));
      check(text === alone.text, `${JSON.stringify(text)} is ${JSON.stringify(alone.text)}`);
    }
  });

  add('names a grammar that does not compile, and works on', async (it) => {
    const request = { ...plain('Hello', 4), grammar: 'ruut ::= "a' };
    await rejects('GrammarInvalid', readAll(it.generate(request)));
    resultOf(await readAll(it.generate(plain('Hello', 4))));
  });

  add('names a prompt that is longer than the context, and works on', async (it) => {
    const long = 'word '.repeat(it.report.contextTokens * 2);
    await rejects('ContextOverflow', readAll(it.generate(plain(long, 4))));
    resultOf(await readAll(it.generate(plain('Hello', 4))));
  });

  add('stops on abort and frees the slot', async (it) => {
    const aborter = new AbortController();
    const reader = it
      .generate(plain('Say a lot.', subject.longAnswerTokens * 64), aborter.signal)
      .getReader();
    for (;;) {
      const { value } = await reader.read();
      if (value?.kind === 'delta') break;
      check(value !== undefined, 'a delta came before the end');
    }
    aborter.abort();
    await rejects('Aborted', readToEnd(reader));
    resultOf(await readAll(it.generate(plain('Hello', 4))));
  });

  add('frees the slot when its stream is cancelled, eight times', async (it) => {
    for (let round = 0; round < 8; round += 1) {
      const stream = it.generate(plain(`Say a lot, round ${round}.`, subject.longAnswerTokens * 64));
      for await (const chunk of stream) if (chunk.kind === 'delta') break;
    }
    resultOf(await readAll(it.generate(plain('Hello', 4))));
  });

  add('refuses at once what is aborted before it starts', async (it) => {
    await rejects('Aborted', readAll(it.generate(plain('Hello', 4), AbortSignal.abort())));
    await rejects('Aborted', it.countPromptTokens([{ role: 'user', content: 'x' }], AbortSignal.abort()));
  });

  add('serves eight at once and loses none', async (it) => {
    const requests = Array.from({ length: 8 }, (_, index) => plain(`Request number ${index}.`, 6));
    const together = await Promise.all(requests.map(async (request) => readAll(it.generate(request))));
    for (const [index, chunks] of together.entries()) {
      const request = requests[index];
      check(request !== undefined, 'an answer per request');
      const alone = resultOf(await readAll(it.generate(request)));
      check(resultOf(chunks).text === alone.text, `request ${index} got the text it gets alone`);
    }
  });

  if (subject.embeds) addEmbeddingCases(add);
  else
    add('says by name that it has no embeddings', async (it) => {
      await rejects('EmbeddingsUnsupported', it.embed('The sea is calm.'));
    });

  const { kill } = subject;
  if (kill) {
    add('settles everything as LaneDied when the engine dies, and is born again', async (it) => {
      const endless = subject.longAnswerTokens * 64;
      const streams = [1, 2, 3].map((index) => it.generate(plain(`Say a lot, ${index}.`, endless)));
      const pending = streams.map(async (stream) => rejects('LaneDied', readAll(stream)));
      await kill(it);
      await Promise.all(pending);
      resultOf(await readAll(it.generate(plain('Hello', 4))));
    });
  }

  add('settles everything when disposed, and refuses afterwards', async (it) => {
    const pending = rejects(
      'LaneDied',
      readAll(it.generate(plain('Say a lot.', subject.longAnswerTokens * 64))),
    );
    await it.dispose();
    await pending;
    await rejects('LaneDied', readAll(it.generate(plain('Hello', 4))));
    if (subject.embeds) await rejects('LaneDied', it.embed('Hello'));
  });

  return cases;
}

function addEmbeddingCases(add: (name: string, run: (lane: InferenceLane) => Promise<void>) => void): void {
  add('embeds: the same text twice in one direction, another in another', async (it) => {
    const first = await it.embed('The sea is calm.');
    const other = await it.embed('Taxes are due in May.');
    const again = await it.embed('The sea is calm.');
    for (const vector of [first, other]) {
      const length = Math.hypot(...vector);
      check(Math.abs(length - 1) < 1e-4, `a vector of length 1, got ${length}`);
    }
    check(first.length === other.length, 'one number of dimensions');
    const same = cosine(first, again);
    check(same > 0.999_99, `the same text has one direction, got a cosine of ${same}`);
    const different = cosine(first, other);
    check(different < 0.999, `other texts have others, got a cosine of ${different}`);
  });

  add('names a text that is too long to embed, and works on', async (it) => {
    for (const text of ['word '.repeat(2 * MAX_EMBED_TOKENS), 'x'.repeat(MAX_EMBED_CHARS + 1)]) {
      await rejects('ContextOverflow', it.embed(text));
    }
    await it.embed('short');
  });

  add('embeds in turn with what it generates, and breaks nothing of it', async (it) => {
    const alone = resultOf(await readAll(it.generate(plain('Once upon a time', 12))));
    const [chunks] = await Promise.all([
      readAll(it.generate(plain('Once upon a time', 12))),
      it.embed('The sea is calm.'),
      it.embed('Taxes are due in May.'),
    ]);
    check(resultOf(chunks).text === alone.text, 'the text it gets alone');
  });

  add('settles an embedding that is given up, before it starts and after', async (it) => {
    await rejects('Aborted', it.embed('The sea is calm.', AbortSignal.abort()));
    const aborter = new AbortController();
    const embedding = it.embed('The sea is calm.', aborter.signal).then(
      () => 'a value',
      (error: unknown) => (error instanceof AppError ? error.code : String(error)),
    );
    aborter.abort();
    const outcome = await embedding;
    check(outcome === 'Aborted' || outcome === 'a value', `Aborted or too late, got ${outcome}`);
    await it.embed('The sea is calm.');
  });
}

/** Of vectors of length 1. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}

const RECALL: ToolSpec = {
  name: 'recall',
  description: 'Finds what was said.',
  parameters: {
    type: 'object',
    properties: {
      word: { type: 'string', maxLength: 12 },
      most: { type: 'integer' },
      everywhere: { type: 'boolean' },
    },
    required: ['word', 'everywhere'],
  },
};

async function moveOf(
  it: InferenceLane,
  messages: readonly ChatMessage[],
  { grammar, jsonSchema, maxTokens, decode }: ToolEncoding,
): Promise<ToolMove> {
  const request = { ...plain('', maxTokens), messages: [...messages], grammar, jsonSchema };
  const { text } = resultOf(await readAll(it.generate(request)));
  const decoded = decode(text);
  check(decoded.ok, `a call or an answer, got ${text}`);
  return decoded.move;
}

/** A greedy request with one user message and no grammar. */
export function plain(content: string, maxTokens: number): GenerateRequest {
  return {
    messages: [{ role: 'user', content }],
    sampling: { temperature: 0 },
    maxTokens: Math.min(maxTokens, 8192),
  };
}

/** All chunks; rejects with what ended the stream. */
export async function readAll(stream: ReadableStream<GenerateChunk>): Promise<GenerateChunk[]> {
  return readToEnd(stream.getReader());
}

export function resultOf(chunks: readonly GenerateChunk[]): GenerateResult {
  const last = chunks.at(-1);
  if (last?.kind === 'done') return last.result;
  throw new Error(`expected: the last chunk is the result, got ${JSON.stringify(last)}`);
}

async function readToEnd(reader: ReadableStreamDefaultReader<GenerateChunk>): Promise<GenerateChunk[]> {
  const chunks: GenerateChunk[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return chunks;
    chunks.push(value);
  }
}

function textOf(chunks: readonly GenerateChunk[]): string {
  return chunks.map((chunk) => (chunk.kind === 'delta' ? chunk.text : '')).join('');
}

async function rejects(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
  const outcome = await promise.then(
    () => 'a value',
    (error: unknown) => (error instanceof AppError ? error.code : `a foreign error: ${String(error)}`),
  );
  check(outcome === code, `rejects with ${code}, got ${outcome}`);
}

function check(condition: boolean, expected: string): asserts condition {
  if (!condition) throw new Error(`expected: ${expected}`);
}
