/** Owns LoRA adapters of random weights for the random models: each turns the same nonsense into another. */
import { writeGguf, type GgufPair, type GgufTensor } from '../../shared/testing/gguf-writer.ts';
import { RANDOM_SHAPE } from './random-model.ts';
import { Matrix, seededNoise, type LlamaShape } from './weights.ts';

export interface RandomLoraOptions {
  readonly seed: number;
  readonly rank: number;
  /** The engine multiplies what the adapter adds by alpha / rank. */
  readonly alpha: number;
  /** What it adds to each weight, as a part of what stands there already. */
  readonly strength: number;
  readonly type: GgufTensor['type'];
  /** Of the model that it is for. */
  readonly shape: LlamaShape;
  readonly architecture: string;
  /** More keys, or others in the place of ours: where it comes from, a wrong type. */
  readonly pairs: readonly GgufPair[];
}

const DEFAULTS: RandomLoraOptions = {
  seed: 1,
  rank: 4,
  alpha: 4,
  strength: 0.5,
  type: 'F32',
  shape: RANDOM_SHAPE,
  architecture: 'llama',
  pairs: [],
};

/** The bytes of a GGUF file; the same options give the same bytes. */
export function randomLora(options: Partial<RandomLoraOptions> = {}): Uint8Array<ArrayBuffer> {
  const { seed, rank, alpha, strength, type, shape, architecture, pairs } = { ...DEFAULTS, ...options };
  const noise = seededNoise(seed);
  const { width, hidden } = shape;
  const cacheWidth = (width / shape.heads) * shape.cacheHeads;
  const tensors: GgufTensor[] = [];
  for (let layer = 0; layer < shape.layers; layer += 1) {
    addPair(`blk.${layer}.attn_q.weight`, width, width);
    addPair(`blk.${layer}.attn_k.weight`, cacheWidth, width);
    addPair(`blk.${layer}.attn_v.weight`, cacheWidth, width);
    addPair(`blk.${layer}.attn_output.weight`, width, width, 'writes');
    addPair(`blk.${layer}.ffn_gate.weight`, hidden, width);
    addPair(`blk.${layer}.ffn_up.weight`, hidden, width);
    addPair(`blk.${layer}.ffn_down.weight`, width, hidden, 'writes');
  }
  const own = new Map<string, GgufPair[1]>([
    ['general.architecture', { type: 'text', value: architecture }],
    ['general.type', { type: 'text', value: 'adapter' }],
    ['general.name', { type: 'text', value: `random adapter ${seed}` }],
    ['adapter.type', { type: 'text', value: 'lora' }],
    ['adapter.lora.alpha', { type: 'f32', value: alpha }],
    ...pairs,
  ]);
  return writeGguf([...own], tensors);

  /** The product of the two has about `strength` of the deviation of the random model's own weight. */
  function addPair(name: string, rows: number, columns: number, writes?: 'writes'): void {
    const down = Matrix.random(rank, columns, noise, 1 / Math.sqrt(columns));
    const up = Matrix.random(rows, rank, noise, strength / Math.sqrt(rank));
    // The channel that keeps bytes which do not print away is written by nobody, here neither.
    if (writes) up.clearRows(0, 1);
    tensors.push(down.tensor(`${name}.lora_a`, type), up.tensor(`${name}.lora_b`, type));
  }
}
