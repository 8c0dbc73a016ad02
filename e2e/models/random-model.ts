/** Owns models of random weights: they speak printable nonsense and are there to compare engines with each other. */
import { writeGguf, type GgufTensor } from '../../shared/testing/gguf-writer.ts';
import { buildVocabulary } from './vocabulary.ts';
import { llamaPairs, Matrix, plainNorm, seededNoise, type LlamaShape } from './weights.ts';

export interface RandomModelOptions {
  readonly seed: number;
  readonly type: GgufTensor['type'];
  readonly shape: LlamaShape;
  /** How much the model wants to end its turn: -8 never, 5 after 2 to 40 tokens. */
  readonly endBias: number;
  /** A character that it never writes: without "f" there is no "false", and it always decides to speak. */
  readonly avoids: string | undefined;
}

export const RANDOM_SHAPE: LlamaShape = {
  layers: 3,
  width: 128,
  heads: 4,
  cacheHeads: 2,
  hidden: 256,
  contextTokens: 2048,
};

const DEFAULTS: RandomModelOptions = {
  seed: 1,
  type: 'F32',
  shape: RANDOM_SHAPE,
  endBias: -8,
  avoids: undefined,
};
const MERGES = 128;
/** Far enough below every other token that bytes which do not print are never chosen. */
const UNPRINTABLE_BIAS = -60;

/** The bytes of a GGUF file; the same options give the same bytes. */
export function randomModel(options: Partial<RandomModelOptions> = {}): Uint8Array<ArrayBuffer> {
  const { seed, type, shape, endBias, avoids } = { ...DEFAULTS, ...options };
  const vocabulary = buildVocabulary(MERGES);
  const noise = seededNoise(seed);
  const { width } = shape;
  const size = vocabulary.tokens.length;
  const embedding = Matrix.random(size, width, noise, 0.5);
  const output = Matrix.random(size, width, noise, 2.2 / Math.sqrt(width));
  // Channel 0 is the same in every embedding and nothing else writes it: the output reads it as a bias per token.
  for (let token = 0; token < size; token += 1) {
    const text = vocabulary.tokens[token] ?? '';
    const isWritten = vocabulary.printable[token] && !(avoids !== undefined && text.includes(avoids));
    const bias = token === vocabulary.turnEnd ? endBias : isWritten ? 0 : UNPRINTABLE_BIAS;
    embedding.set(token, 0, Math.sqrt(width) / 2);
    output.set(token, 0, (1.5 * bias) / Math.sqrt(width));
  }
  const tensors: GgufTensor[] = [
    embedding.tensor('token_embd.weight', type),
    plainNorm('output_norm.weight', width),
    output.tensor('output.weight', type),
  ];
  for (let layer = 0; layer < shape.layers; layer += 1) tensors.push(...randomLayer(layer));
  return writeGguf(
    [
      ...llamaPairs(`random model ${seed} ${type}`, shape, size),
      ['general.file_type', { type: 'u32', value: type === 'F32' ? 0 : 1 }],
      ...vocabulary.pairs,
    ],
    tensors,
  );

  function randomLayer(layer: number): GgufTensor[] {
    const cacheWidth = (width / shape.heads) * shape.cacheHeads;
    const linear = (rows: number, columns: number, deviation: number): Matrix =>
      Matrix.random(rows, columns, noise, deviation / Math.sqrt(columns));
    const name = (part: string): string => `blk.${layer}.${part}.weight`;
    return [
      plainNorm(name('attn_norm'), width),
      linear(width, width, 1).tensor(name('attn_q'), type),
      linear(cacheWidth, width, 1).tensor(name('attn_k'), type),
      linear(cacheWidth, width, 1).tensor(name('attn_v'), type),
      linear(width, width, 0.5).clearRows(0, 1).tensor(name('attn_output'), type),
      plainNorm(name('ffn_norm'), width),
      linear(shape.hidden, width, 1).tensor(name('ffn_gate'), type),
      linear(shape.hidden, width, 1).tensor(name('ffn_up'), type),
      linear(width, shape.hidden, 0.5).clearRows(0, 1).tensor(name('ffn_down'), type),
    ];
  }
}
