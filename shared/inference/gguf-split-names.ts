/** Owns the names of the files that a split GGUF consists of, as llama.cpp's own tool gives them. */

/** More shards than any model that fits a machine of a person. */
export const MAX_PARTS = 256;
const SHARD = /^(.+)-(\d{5})(-of-(\d{5})\.gguf)$/i;

export interface SplitNames {
  /** Of the whole: "NAME.gguf". */
  readonly name: string;
  /** In their order. */
  readonly shards: readonly string[];
}

/** All that belong together, of the name of any one of them; undefined where it is the name of no shard. */
export function splitNamesOf(file: string): SplitNames | undefined {
  const [, stem = '', number = '', end = '', total = ''] = SHARD.exec(file) ?? [];
  const count = Number(total);
  const index = Number(number);
  if (stem === '' || count < 2 || count > MAX_PARTS || index < 1 || index > count) return undefined;
  const shards = Array.from(
    { length: count },
    (_none, at) => `${stem}-${String(at + 1).padStart(5, '0')}${end}`,
  );
  return { name: `${stem}.gguf`, shards };
}

/** Of what is missing. */
const MAX_SHOWN = 8;

/** For the person: which parts these are (from 1), by their file names where `file` is one that tells. */
export function shownParts(numbers: readonly number[], file = ''): string {
  const { shards = [] } = splitNamesOf(file) ?? {};
  const shown = numbers.slice(0, MAX_SHOWN).map((number) => shards[number - 1] ?? `part ${number}`);
  return `${shown.join(', ')}${numbers.length > MAX_SHOWN ? ', …' : ''}`;
}
