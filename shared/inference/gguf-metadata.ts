/** Owns the key-value section of a GGUF file: checked in one walk, values read only when asked for. */
import { AppError } from '../errors.ts';
import { implausible, type GgufCursor } from './gguf-cursor.ts';

/** Value types of the GGUF specification, with the bytes each element takes. */
const FIXED_BYTES: ReadonlyMap<number, number> = new Map([
  [0, 1],
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 4],
  [5, 4],
  [6, 4],
  [7, 1],
  [10, 8],
  [11, 8],
  [12, 8],
]);
const TYPE = { u8: 0, u16: 2, u32: 4, i32: 5, bool: 7, text: 8, list: 9, u64: 10 } as const;

const MAX_KEY_BYTES = 1024;
const MAX_TEXT_BYTES = 64 * 1024 * 1024;
/** The largest vocabularies hold some 260,000 tokens, and about twice as many merges. */
const MAX_LIST_ITEMS = 4 * 1024 * 1024;

interface Place {
  readonly type: number;
  readonly at: number;
  /** Of the whole pair. */
  readonly span: GgufSpan;
}

/** Offsets in the file. */
export interface GgufSpan {
  readonly from: number;
  readonly to: number;
}

/** A list that stands in the file; `at` is the offset of its first element. */
export interface GgufList {
  readonly elementType: number;
  readonly length: number;
  readonly at: number;
}

export class GgufMetadata {
  readonly #places: ReadonlyMap<string, Place>;
  readonly #open: (at: number) => GgufCursor;

  private constructor(places: ReadonlyMap<string, Place>, open: (at: number) => GgufCursor) {
    this.#places = places;
    this.#open = open;
  }

  /** Walks `count` pairs from where `cursor` stands; `open` gives a cursor elsewhere in the same file. */
  static async walk(
    cursor: GgufCursor,
    count: number,
    open: (at: number) => GgufCursor,
  ): Promise<GgufMetadata> {
    const places = new Map<string, Place>();
    for (let index = 0; index < count; index += 1) {
      const from = cursor.position;
      const key = await cursor.text(MAX_KEY_BYTES);
      const type = await cursor.u32();
      const at = cursor.position;
      if (type === TYPE.list) await skipList(cursor);
      else await skipItems(cursor, type, 1);
      places.set(key, { type, at, span: { from, to: cursor.position } });
    }
    return new GgufMetadata(places, open);
  }

  /** Where key and value stand; undefined where the key is absent. */
  spanOf(key: string): GgufSpan | undefined {
    return this.#places.get(key)?.span;
  }

  /** Undefined where the key is absent or holds no text. */
  async text(key: string, maxBytes: number): Promise<string | undefined> {
    const place = this.#places.get(key);
    return place?.type === TYPE.text ? this.#open(place.at).text(maxBytes) : undefined;
  }

  /** Undefined where the key is absent or holds no unsigned number. */
  async count(key: string): Promise<number | undefined> {
    const place = this.#places.get(key);
    if (!place) return undefined;
    const cursor = this.#open(place.at);
    switch (place.type) {
      case TYPE.u8:
        return cursor.u8();
      case TYPE.u16:
        return cursor.u16();
      case TYPE.u32:
        return cursor.u32();
      case TYPE.i32: {
        const value = await cursor.i32();
        return value < 0 ? undefined : value;
      }
      case TYPE.u64:
        return cursor.u64(key);
      default:
        return undefined;
    }
  }

  async flag(key: string): Promise<boolean | undefined> {
    const place = this.#places.get(key);
    return place?.type === TYPE.bool ? (await this.#open(place.at).u8()) !== 0 : undefined;
  }

  async list(key: string): Promise<GgufList | undefined> {
    const place = this.#places.get(key);
    if (place?.type !== TYPE.list) return undefined;
    const cursor = this.#open(place.at);
    const elementType = await cursor.u32();
    const length = await cursor.u64('a list', MAX_LIST_ITEMS);
    return { elementType, length, at: cursor.position };
  }

  /** The 32-bit numbers of a list; none where the key is absent or holds something else. */
  async *numbers(key: string): AsyncGenerator<number> {
    const list = await this.list(key);
    if (list?.elementType !== TYPE.i32 && list?.elementType !== TYPE.u32) return;
    const cursor = this.#open(list.at);
    for (let index = 0; index < list.length; index += 1) yield await cursor.i32();
  }

  /** The texts at these places of a list of texts; places beyond its end have none. */
  async textsAt(key: string, wanted: ReadonlySet<number>, maxBytes: number): Promise<Map<number, string>> {
    const texts = new Map<number, string>();
    const list = await this.list(key);
    if (list?.elementType !== TYPE.text) return texts;
    const cursor = this.#open(list.at);
    for (let index = 0; index < list.length && texts.size < wanted.size; index += 1) {
      if (wanted.has(index)) texts.set(index, await cursor.text(maxBytes));
      else await skipItems(cursor, TYPE.text, 1);
    }
    return texts;
  }
}

async function skipList(cursor: GgufCursor): Promise<void> {
  const elementType = await cursor.u32();
  const length = await cursor.u64('a list', MAX_LIST_ITEMS);
  await skipItems(cursor, elementType, length);
}

async function skipItems(cursor: GgufCursor, type: number, count: number): Promise<void> {
  const bytes = FIXED_BYTES.get(type);
  if (bytes !== undefined) {
    cursor.skip(bytes * count);
    return;
  }
  if (type !== TYPE.text)
    throw new AppError('ModelUnsupported', `The GGUF file has a value of type ${type}.`);
  for (let index = 0; index < count; index += 1) {
    const length = await cursor.u64('a text length');
    if (length > MAX_TEXT_BYTES) throw implausible(`a text of ${length} bytes`);
    cursor.skip(length);
  }
}
