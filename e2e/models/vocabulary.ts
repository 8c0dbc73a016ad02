/** Owns the vocabulary of the generated models: byte-level BPE with English merges, ChatML, and words of their own. */
import { CHATML_TEMPLATE } from '../../shared/inference/chat-template.ts';
import type { GgufPair } from '../../shared/testing/gguf-writer.ts';

/** What the merges are learned from: the manner of speech of the prompts that these models will see. */
const SAMPLE = `You are a persona in a room where people and programs talk. The transcript shows who said what, one line each.
Decide whether to speak. Answer with one JSON object and nothing else. To speak: first the field "speak" with the value true,
then the field "text" with what you say. To stay silent: first the field "speak" with the value false, then the field "reason".
Your name is Maya and your role is helper. The message is for you, for Kira, or for nobody named. Now it is Monday, the time is
ten past three. Members of the room: the humans, the personas and the agents. There is nothing that you remember about this yet.
The newest message is the one to answer; keep it short, be kind, say what you know and say when you do not know it. Hello there,
how are you today? I think that we should look at the other thing again before they have finished with their work this evening.
Please tell me about the house, the garden and the sea. What can you do? Could somebody explain how this works? Thanks, that was
helpful. `;

export interface Vocabulary {
  /** In the byte-to-character form of GPT-2; the place is the id. */
  readonly tokens: readonly string[];
  readonly merges: readonly string[];
  /** The text a token stands for, and its id. */
  readonly idOf: ReadonlyMap<string, number>;
  /** Whether the token is printable ASCII through and through. */
  readonly printable: readonly boolean[];
  readonly endOfText: number;
  readonly turnEnd: number;
  readonly pairs: readonly GgufPair[];
}

/**
 * `words` become tokens that no merge leads to: a model can say them, but text is never read as them. Learns at most
 * `mergeCount` merges from the sample.
 */
export function buildVocabulary(mergeCount: number, words: readonly string[] = []): Vocabulary {
  const characters = byteCharacters();
  const merges = learnMerges(mergeCount, characters);
  const plain = [...characters, ...merges.map((merge) => merge.replace(' ', ''))];
  const known = new Set(plain);
  for (const word of words) {
    const token = encode(word, characters);
    if (known.has(token)) throw new Error(`"${word}" is a token already`);
    known.add(token);
    plain.push(token);
  }
  const endOfText = plain.length;
  const tokens = [...plain, '<|endoftext|>', '<|im_start|>', '<|im_end|>'];
  const turnEnd = tokens.length - 1;
  const bytesOf = new Map(characters.map((character, byte) => [character, byte]));
  const texts = plain.map((token) =>
    String.fromCharCode(...Array.from(token, (character) => bytesOf.get(character) ?? 0)),
  );
  return {
    tokens,
    merges,
    idOf: new Map([...texts.entries()].map(([id, text]) => [text, id])),
    printable: tokens.map((_, id) => /^[\n\x20-\x7e]+$/.test(texts[id] ?? '')),
    endOfText,
    turnEnd,
    pairs: [
      ['tokenizer.ggml.model', { type: 'text', value: 'gpt2' }],
      ['tokenizer.ggml.pre', { type: 'text', value: 'gpt-2' }],
      ['tokenizer.ggml.tokens', { type: 'texts', value: tokens }],
      ['tokenizer.ggml.token_type', { type: 'i32s', value: tokens.map((_, id) => (id < endOfText ? 1 : 3)) }],
      ['tokenizer.ggml.merges', { type: 'texts', value: merges }],
      ['tokenizer.ggml.bos_token_id', { type: 'u32', value: endOfText }],
      ['tokenizer.ggml.eos_token_id', { type: 'u32', value: turnEnd }],
      ['tokenizer.ggml.padding_token_id', { type: 'u32', value: endOfText }],
      ['tokenizer.ggml.add_bos_token', { type: 'bool', value: false }],
      ['tokenizer.chat_template', { type: 'text', value: CHATML_TEMPLATE }],
    ],
  };
}

/** GPT-2 writes bytes that do not print as characters from 256 upwards, in order. */
function byteCharacters(): string[] {
  const prints = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(prints(byte) ? byte : next++));
}

function encode(text: string, characters: readonly string[]): string {
  return [...new TextEncoder().encode(text)].map((byte) => characters[byte] ?? '').join('');
}

/** Byte pair encoding: again and again the most frequent pair, ties by the order of the text. */
function learnMerges(count: number, characters: readonly string[]): string[] {
  const words = (SAMPLE.match(/ ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+/g) ?? []).map((word) =>
    Array.from(encode(word, characters)),
  );
  const merges: string[] = [];
  const made = new Set<string>();
  while (merges.length < count) {
    const best = mostFrequentPair(words, made);
    if (best === undefined) break;
    const [left = '', right = ''] = best.split(' ');
    merges.push(best);
    made.add(left + right);
    for (const word of words)
      for (let at = 0; at + 1 < word.length; at += 1)
        if (word[at] === left && word[at + 1] === right) word.splice(at, 2, left + right);
  }
  return merges;
}

function mostFrequentPair(
  words: readonly (readonly string[])[],
  made: ReadonlySet<string>,
): string | undefined {
  const counts = new Map<string, number>();
  for (const word of words)
    for (let at = 0; at + 1 < word.length; at += 1) {
      const pair = `${word[at]} ${word[at + 1]}`;
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
    }
  let best: string | undefined;
  let most = 1;
  for (const [pair, count] of counts)
    if (count > most && !made.has(pair.replace(' ', ''))) {
      best = pair;
      most = count;
    }
  return best;
}
