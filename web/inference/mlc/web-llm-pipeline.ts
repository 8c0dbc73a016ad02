/**
 * Owns what this product needs of the inside of web-llm 0.2.86: its tokenizer, and its cache, of which it keeps what the
 * next prompt has in common with the last one.
 *
 * On its own web-llm reads on only after a conversation that equals the last one and its answer word for word; then every
 * turn of a room would be read as a whole, since a turn is one prompt and no conversation. The two methods that are
 * replaced here decide what is cleared and what is read; everything else stays web-llm's. The version is pinned, and
 * e2e/lanes holds what is answered this way against what a fresh engine answers.
 */
import { createKeptPrefix } from './kept-prefix.ts';
import type { MlcRequest } from './raw-mlc.ts';

interface Conversation {
  readonly config: { readonly system_prefix_token_ids?: readonly number[] | null };
  override_system_message?: string | undefined;
  appendMessage(role: string, text: string): void;
  appendReplyHeader(role: string): void;
  /** A piece that is no text is a picture; here nobody sends one. */
  getPromptArray(): readonly unknown[];
}

/** As far as it is used; on a running engine it has far more. */
export interface WebLlmPipeline {
  readonly tokenizer: { encode(text: string): ArrayLike<number> };
  readonly tvm: {
    beginScope(): void;
    endScope(): void;
    detachFromCurrentScope<T>(value: T): T;
    getGlobalFunc(name: string): (...args: unknown[]) => unknown;
    scalar(value: number, type: string): unknown;
  };
  readonly kvCache?: unknown;
  /** Of models that carry a state from token to token. */
  readonly rnnState?: unknown;
  /** Of models that take pictures or sound, which read in another way. */
  readonly artifact?: unknown;
  /** -1 where it does not slide. */
  readonly slidingWindowSize: number;
  readonly contextWindowSize: number;
  readonly conversation: Conversation;
  filledKVCacheLength: number;
  resetKVCache(): void;
  /** What is to be read, in tokens; their number; the size of a picture. */
  getInputData(): Promise<readonly [readonly (readonly number[])[], number, () => number]>;
}

export interface PromptReader {
  countTokens(messages: MlcRequest['messages']): number;
  /** Of the prompt that was read last, the tokens that were not read again. */
  keptTokens(): number;
  /** The engine has read the last prompt to its end. */
  confirm(): void;
  /** It broke off, and the next prompt is read as a whole. */
  forget(): void;
}

/** Only one sequence is ever in web-llm's cache. */
const SEQUENCE = 0;

/** Replaces methods of `pipeline`, for as long as it lives. What cannot be rewound is read as web-llm does it alone. */
export function readPromptsOf(pipeline: WebLlmPipeline): PromptReader {
  const prefix = createKeptPrefix();
  let keptTokens = 0;
  if (canRewind(pipeline)) {
    const dropLast = dropper(pipeline);
    const clear = pipeline.resetKVCache.bind(pipeline);
    /** Tokens in the cache that web-llm believes to be empty. */
    let sparedTokens = 0;
    pipeline.resetKVCache = () => {
      sparedTokens = Math.max(sparedTokens, pipeline.filledKVCacheLength);
    };
    pipeline.getInputData = async () => {
      const tokens = tokensOf(pipeline, pipeline.conversation);
      // By the name that web-llm has for it, before anything is read.
      if (tokens.length > pipeline.contextWindowSize)
        throw tooLong(tokens.length, pipeline.contextWindowSize);
      const filledTokens = Math.max(sparedTokens, pipeline.filledKVCacheLength);
      keptTokens = prefix.take(tokens);
      if (keptTokens === 0) clear();
      else dropLast(filledTokens - keptTokens);
      sparedTokens = 0;
      pipeline.filledKVCacheLength = keptTokens;
      return [[tokens.slice(keptTokens)], tokens.length - keptTokens, () => 0];
    };
  }
  return {
    countTokens: (messages) => tokensOf(pipeline, conversationOf(pipeline, messages)).length,
    keptTokens: () => keptTokens,
    confirm: () => {
      prefix.confirm();
    },
    forget: () => {
      prefix.forget();
    },
  };
}

/** A window that slides and a state of the whole text do not go back. */
function canRewind({ kvCache, rnnState, artifact, slidingWindowSize }: WebLlmPipeline): boolean {
  return (
    kvCache !== undefined && rnnState === undefined && artifact === undefined && slidingWindowSize === -1
  );
}

function dropper(pipeline: WebLlmPipeline): (tokens: number) => void {
  const { tvm } = pipeline;
  tvm.beginScope();
  const drop = tvm.detachFromCurrentScope(tvm.getGlobalFunc('vm.builtin.kv_state_popn'));
  tvm.endScope();
  return (tokens) => {
    drop(pipeline.kvCache, tvm.scalar(SEQUENCE, 'int64'), tvm.scalar(tokens, 'int32'));
  };
}

/** As web-llm makes one of a request, up to where the answer begins. */
function conversationOf({ conversation }: WebLlmPipeline, messages: MlcRequest['messages']): Conversation {
  const fresh = Reflect.construct(conversation.constructor, [conversation.config]) as Conversation;
  for (const { role, content } of messages)
    if (role === 'system') fresh.override_system_message = content;
    else fresh.appendMessage(role, content);
  fresh.appendReplyHeader('assistant');
  return fresh;
}

/** Piece by piece, as web-llm does it: joined they might become other tokens. */
function tokensOf({ tokenizer }: WebLlmPipeline, conversation: Conversation): number[] {
  const pieces = conversation
    .getPromptArray()
    .flatMap((piece) => (typeof piece === 'string' ? Array.from(tokenizer.encode(piece)) : []));
  return [...(conversation.config.system_prefix_token_ids ?? []), ...pieces];
}

function tooLong(tokens: number, contextTokens: number): Error {
  const message = `${tokens} tokens of prompt, and a context of ${contextTokens}`;
  return Object.assign(new Error(message), { name: 'ContextWindowSizeExceededError' });
}
