/** Owns the weights of the plumbing model: it always decides to speak, and its nonsense always ends. */
import { writeGguf, type GgufTensor } from '../../shared/testing/gguf-writer.ts';
import { allWords, FIRST_STATION, FORM_CLOSES, FORM_OPENS, STATIONS } from './nonsense.ts';
import { buildVocabulary, type Vocabulary } from './vocabulary.ts';
import { llamaPairs, Matrix, plainNorm, seededNoise, type LlamaShape, type Noise } from './weights.ts';

/*
 * How it works. The channels of the residual stream are split in four: a constant; one channel per station, set by the
 * embedding of the last token; a random code of that token; and a mood, which only attention and the feed-forward
 * write. The output reads constant and station with large weights (which kind of word comes next, beyond doubt at any
 * usual temperature) and the mood with small ones (which of these words), so that the text depends on the prompt.
 */

const SHAPE: LlamaShape = {
  layers: 2,
  width: 64,
  heads: 4,
  cacheHeads: 2,
  hidden: 64,
  contextTokens: 8192,
};
const SEED = 7;
const MERGES = 320;
const TYPE = 'F32';

const STATION_NAMES = ['start', 'opened', ...Object.keys(STATIONS), 'closed'];
const STATIONS_FROM = 1;
const CODE_FROM = STATIONS_FROM + STATION_NAMES.length;
const MOOD_FROM = 40;

const CONSTANT = 4;
const STATION = 8;
/** Logits, roughly: what is meant to come next, and what stands in where the grammar has no room left for it. */
const MEANT = 45;
const CLOSING = 22;
/** Root mean square of the channels at the output: what the logits above are divided by before they are weights. */
const USUAL_SIZE = 1.5;

/** The bytes of a whole GGUF file. */
export function plumbingModel(): Uint8Array<ArrayBuffer> {
  const vocabulary = buildVocabulary(MERGES, [...allWords(), FORM_OPENS, FORM_CLOSES]);
  const noise = seededNoise(SEED);
  const tensors: GgufTensor[] = [
    embedding(vocabulary, noise).tensor('token_embd.weight', TYPE),
    plainNorm('output_norm.weight', SHAPE.width),
    output(vocabulary, noise).tensor('output.weight', TYPE),
  ];
  for (let layer = 0; layer < SHAPE.layers; layer += 1) tensors.push(...moodLayer(layer, noise));
  return writeGguf(
    [
      ...llamaPairs('plumbing model: speaks nonsense', SHAPE, vocabulary.tokens.length),
      ['general.file_type', { type: 'u32', value: 0 }],
      ...vocabulary.pairs,
    ],
    tensors,
  );
}

/** Which station each token belongs to; whatever is no word of ours stands at the start. */
function stationOf(vocabulary: Vocabulary): Map<number, string> {
  const stations = new Map<number, string>();
  for (const [name, { words }] of Object.entries(STATIONS))
    for (const word of words) stations.set(idOf(vocabulary, word), name);
  stations.set(idOf(vocabulary, FORM_OPENS), 'opened');
  stations.set(idOf(vocabulary, FORM_CLOSES), 'closed');
  return stations;
}

function embedding(vocabulary: Vocabulary, noise: Noise): Matrix {
  const matrix = Matrix.random(vocabulary.tokens.length, SHAPE.width, noise, 1)
    .clearColumns(0, CODE_FROM)
    .clearColumns(MOOD_FROM, SHAPE.width);
  const stations = stationOf(vocabulary);
  for (const token of vocabulary.tokens.keys()) {
    matrix.set(token, 0, CONSTANT);
    matrix.set(token, channelOf(stations.get(token) ?? 'start'), STATION);
  }
  return matrix;
}

function output(vocabulary: Vocabulary, noise: Noise): Matrix {
  const matrix = Matrix.random(vocabulary.tokens.length, SHAPE.width, noise, 0.5).clearColumns(0, MOOD_FROM);
  const weigh = (token: number, channel: number, logit: number): void => {
    matrix.set(token, channel, (logit * USUAL_SIZE) / (channel === 0 ? CONSTANT : STATION));
  };
  const wordsOf = (name: string): number[] =>
    (STATIONS[name]?.words ?? []).map((word) => idOf(vocabulary, word));

  for (const token of vocabulary.tokens.keys())
    if (!vocabulary.printable[token] && token !== vocabulary.turnEnd) weigh(token, 0, -MEANT);
  weigh(idOf(vocabulary, FORM_CLOSES), 0, CLOSING);

  weigh(idOf(vocabulary, FORM_OPENS), channelOf('start'), MEANT);
  for (const word of wordsOf(FIRST_STATION)) weigh(word, channelOf('opened'), MEANT);
  for (const [name, { next }] of Object.entries(STATIONS)) {
    for (const follower of next) for (const word of wordsOf(follower)) weigh(word, channelOf(name), MEANT);
    if (next.length === 0) weigh(idOf(vocabulary, FORM_CLOSES), channelOf(name), MEANT);
  }
  weigh(vocabulary.turnEnd, channelOf('closed'), MEANT);
  return matrix;
}

/** Attention that picks a few places of the prompt, and a feed-forward that stirs; both write the mood only. */
function moodLayer(layer: number, noise: Noise): GgufTensor[] {
  const { width, hidden, heads, cacheHeads } = SHAPE;
  const cacheWidth = (width / heads) * cacheHeads;
  const scaled = (rows: number, columns: number, deviation: number): Matrix =>
    Matrix.random(rows, columns, noise, deviation / Math.sqrt(columns));
  const name = (part: string): string => `blk.${layer}.${part}.weight`;
  return [
    plainNorm(name('attn_norm'), width),
    scaled(width, width, 1.5).tensor(name('attn_q'), TYPE),
    scaled(cacheWidth, width, 1.5).tensor(name('attn_k'), TYPE),
    scaled(cacheWidth, width, 2).clearColumns(0, CODE_FROM).tensor(name('attn_v'), TYPE),
    scaled(width, width, 2).clearRows(0, MOOD_FROM).tensor(name('attn_output'), TYPE),
    plainNorm(name('ffn_norm'), width),
    scaled(hidden, width, 1.5).clearColumns(0, CODE_FROM).tensor(name('ffn_gate'), TYPE),
    scaled(hidden, width, 1.5).clearColumns(0, CODE_FROM).tensor(name('ffn_up'), TYPE),
    scaled(width, hidden, 1).clearRows(0, MOOD_FROM).tensor(name('ffn_down'), TYPE),
  ];
}

function channelOf(station: string): number {
  return STATIONS_FROM + STATION_NAMES.indexOf(station);
}

function idOf(vocabulary: Vocabulary, text: string): number {
  const id = vocabulary.idOf.get(text);
  if (id === undefined) throw new Error(`no token for ${JSON.stringify(text)}`);
  return id;
}
