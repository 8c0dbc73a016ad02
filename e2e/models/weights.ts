/** Owns random weights that are the same bytes on every machine, and the tensors of a llama architecture. */
import type { GgufPair, GgufTensor } from '../../shared/testing/gguf-writer.ts';
import { SeededRandom } from '../../shared/testing/seeded-random.ts';

export interface LlamaShape {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly cacheHeads: number;
  readonly hidden: number;
  readonly contextTokens: number;
}

export interface Noise {
  /** Mean 0, deviation about 1. */
  next(): number;
}

/** A sum of uniform numbers and no logarithm: those may round differently from one machine to the next. */
export function seededNoise(seed: number): Noise {
  const random = new SeededRandom(seed);
  return { next: () => (random.next() + random.next() + random.next() + random.next() - 2) * Math.sqrt(3) };
}

/** Rows of `columns` numbers each. */
export class Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;

  constructor(rows: number, columns: number) {
    this.rows = rows;
    this.columns = columns;
    this.data = new Float32Array(rows * columns);
  }

  static random(rows: number, columns: number, noise: Noise, deviation: number): Matrix {
    const matrix = new Matrix(rows, columns);
    for (let at = 0; at < matrix.data.length; at += 1) matrix.data[at] = noise.next() * deviation;
    return matrix;
  }

  set(row: number, column: number, value: number): void {
    this.data[row * this.columns + column] = value;
  }

  /** Nothing is written to these rows of the output. */
  clearRows(from: number, to: number): this {
    this.data.fill(0, from * this.columns, to * this.columns);
    return this;
  }

  /** Nothing is read from these columns of the input. */
  clearColumns(from: number, to: number): this {
    for (let row = 0; row < this.rows; row += 1)
      this.data.fill(0, row * this.columns + from, row * this.columns + to);
    return this;
  }

  tensor(name: string, type: GgufTensor['type']): GgufTensor {
    return { name, dimensions: [this.columns, this.rows], type, data: this.data };
  }
}

/** A norm that leaves the size of every channel as it is. */
export function plainNorm(name: string, width: number): GgufTensor {
  return { name, dimensions: [width], type: 'F32', data: new Float32Array(width).fill(1) };
}

export function llamaPairs(name: string, shape: LlamaShape, vocabularySize: number): GgufPair[] {
  const count = (key: string, value: number): GgufPair => [key, { type: 'u32', value }];
  return [
    ['general.architecture', { type: 'text', value: 'llama' }],
    ['general.type', { type: 'text', value: 'model' }],
    ['general.name', { type: 'text', value: name }],
    count('general.alignment', 32),
    count('llama.block_count', shape.layers),
    count('llama.context_length', shape.contextTokens),
    count('llama.embedding_length', shape.width),
    count('llama.feed_forward_length', shape.hidden),
    count('llama.attention.head_count', shape.heads),
    count('llama.attention.head_count_kv', shape.cacheHeads),
    count('llama.rope.dimension_count', shape.width / shape.heads),
    count('llama.vocab_size', vocabularySize),
    ['llama.attention.layer_norm_rms_epsilon', { type: 'f32', value: 1e-5 }],
    ['llama.rope.freq_base', { type: 'f32', value: 10_000 }],
  ];
}
