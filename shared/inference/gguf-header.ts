/** Owns what is known of a model file before an engine opens it: read and checked from its GGUF header. */
import { AppError } from '../errors.ts';
import { MAX_TEMPLATE_CHARS } from './chat-template.ts';
import { implausible, type ReadBytes } from './gguf-cursor.ts';
import { oneLine, openGguf } from './gguf-file.ts';
import type { GgufMetadata } from './gguf-metadata.ts';
import { MAX_PARTS, shownParts } from './gguf-split-names.ts';

export type { ReadBytes } from './gguf-cursor.ts';

/** How the states of a text's tokens become one vector. */
export const POOLINGS = ['mean', 'cls', 'last'] as const;
export type Pooling = (typeof POOLINGS)[number];

export interface GgufHeader {
  /** `general.name`, one line of at most 120 characters; undefined where the file has none. */
  readonly name: string | undefined;
  readonly architecture: string;
  /** Context the model was trained for, tokens. */
  readonly contextTokens: number;
  readonly blockCount: number;
  /** Jinja source; undefined where the file has none. */
  readonly chatTemplate: string | undefined;
  /** Texts of the special tokens; empty where the file names none. */
  readonly bosToken: string;
  readonly eosToken: string;
  /** Whether the file asks for the first token to be put before every prompt; undefined: the engine's own rule. */
  readonly addsBos: boolean | undefined;
  /** Texts that the tokenizer reads as control: they must never reach a prompt from foreign content. */
  readonly controlTokens: readonly string[];
  /** As the file says; the mean where it says nothing, as models that were made to write do. */
  readonly pooling: Pooling;
  /** Bytes of all tensors. */
  readonly tensorBytes: number;
  /** Of one tensor. */
  readonly largestTensorBytes: number;
  /** Bytes that one token takes in an f16 key-value cache; undefined where the header does not say enough. */
  readonly cacheBytesPerToken: number | undefined;
  /** Attention heads of a layer; undefined where the header does not say one number. */
  readonly headCount: number | undefined;
  /** The small model of the first run says so itself, by `persona_node.starter`: it knows this product and little else. */
  readonly starter: boolean;
}

const MAX_CONTEXT_TOKENS = 2 ** 31 - 1;
const MAX_BLOCKS = 4_096;
const MAX_NAME_CHARS = 120;
const MAX_TOKEN_BYTES = 1_024;
const MAX_CONTROL_TOKENS = 8_192;
const CONTROL_TOKEN_TYPE = 3;
const CACHE_ELEMENT_BYTES = 2;

/**
 * Reads the header of a file of `fileBytes`. Rejects with `ModelNotGguf`, `ModelTruncated` (cut anywhere, also in the
 * tensors), or `ModelUnsupported` (another version, counts no model has, not a whole language model); a rejection of
 * `read` passes through. Nothing is allocated by a number from the file before it was held against a limit.
 */
export async function readGgufHeader(read: ReadBytes, fileBytes: number): Promise<GgufHeader> {
  const gguf = await openGguf(read, fileBytes);
  const { metadata } = gguf;
  const architecture = await requireLanguageModel(metadata, gguf.tensorCount);
  const tensors = await gguf.walkTensors();
  const blockCount = await required(metadata, `${architecture}.block_count`, MAX_BLOCKS);
  return {
    name: oneLine(await metadata.text('general.name', 4 * MAX_NAME_CHARS), MAX_NAME_CHARS),
    architecture,
    contextTokens: await required(metadata, `${architecture}.context_length`, MAX_CONTEXT_TOKENS),
    blockCount,
    chatTemplate: await metadata.text('tokenizer.chat_template', 4 * MAX_TEMPLATE_CHARS),
    ...(await specialTokens(metadata)),
    addsBos: await metadata.flag('tokenizer.ggml.add_bos_token'),
    // llama.cpp has 0 for none, from 1 on these, and at last one that ranks.
    pooling: POOLINGS[((await metadata.count(`${architecture}.pooling_type`)) ?? 0) - 1] ?? 'mean',
    tensorBytes: tensors.bytes,
    largestTensorBytes: tensors.largestBytes,
    cacheBytesPerToken: await cacheBytesPerToken(metadata, architecture, blockCount),
    headCount: await metadata.count(`${architecture}.attention.head_count`),
    starter: (await metadata.flag('persona_node.starter')) ?? false,
  };
}

async function requireLanguageModel(metadata: GgufMetadata, tensorCount: number): Promise<string> {
  const parts = (await metadata.count('split.count')) ?? 1;
  if (parts > 1) {
    const number = ((await metadata.count('split.no')) ?? 0) + 1;
    const missing = Array.from({ length: Math.min(parts, MAX_PARTS) }, (_none, at) => at + 1).filter(
      (other) => other !== number,
    );
    throw new AppError(
      'ModelIncomplete',
      `The GGUF file is part ${number} of ${parts}; these are missing: ${shownParts(missing)}.`,
    );
  }
  const architecture = await metadata.text('general.architecture', 64);
  const type = await metadata.text('general.type', 64);
  const vocabulary = await metadata.list('tokenizer.ggml.tokens');
  if (!architecture || tensorCount === 0 || !vocabulary || (type !== undefined && type !== 'model'))
    throw new AppError(
      'ModelUnsupported',
      'The GGUF file is not a language model (an adapter or projector?).',
    );
  return architecture;
}

async function required(metadata: GgufMetadata, key: string, max: number): Promise<number> {
  const value = await metadata.count(key);
  if (value === undefined)
    throw new AppError('ModelUnsupported', `The GGUF file lacks "${key}", which every language model has.`);
  if (value < 1 || value > max) throw implausible(`"${key}" = ${value}`);
  return value;
}

async function specialTokens(
  metadata: GgufMetadata,
): Promise<Pick<GgufHeader, 'bosToken' | 'eosToken' | 'controlTokens'>> {
  const control = new Set<number>();
  let id = 0;
  for await (const type of metadata.numbers('tokenizer.ggml.token_type')) {
    if (type === CONTROL_TOKEN_TYPE && control.size < MAX_CONTROL_TOKENS) control.add(id);
    id += 1;
  }
  const bos = (await metadata.count('tokenizer.ggml.bos_token_id')) ?? -1;
  const eos = (await metadata.count('tokenizer.ggml.eos_token_id')) ?? -1;
  const wanted = new Set([...control, bos, eos]);
  const texts = await metadata.textsAt('tokenizer.ggml.tokens', wanted, MAX_TOKEN_BYTES);
  return {
    bosToken: texts.get(bos) ?? '',
    eosToken: texts.get(eos) ?? '',
    controlTokens: [...control].flatMap((token) => texts.get(token) ?? []),
  };
}

async function cacheBytesPerToken(
  metadata: GgufMetadata,
  architecture: string,
  blockCount: number,
): Promise<number | undefined> {
  const get = (key: string): Promise<number | undefined> => metadata.count(`${architecture}.${key}`);
  const heads = await get('attention.head_count');
  const embedding = await get('embedding_length');
  const keyLength =
    (await get('attention.key_length')) ?? (embedding && heads ? embedding / heads : undefined);
  const cacheHeads = (await get('attention.head_count_kv')) ?? heads;
  if (!keyLength || !cacheHeads) return undefined;
  const valueLength = (await get('attention.value_length')) ?? keyLength;
  return blockCount * cacheHeads * (keyLength + valueLength) * CACHE_ELEMENT_BYTES;
}
