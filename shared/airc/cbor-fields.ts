/** Owns reading the fields of a decoded CBOR map, each once and by its type; anything else is a `FrameMalformed`. */
import { AppError } from '../errors.ts';
import type { CborItem } from './cbor-decode.ts';
import { ByteList } from './cbor-encode.ts';
import type { Uuid } from './model.ts';
import { parseUuid, uuidFromBytes } from './uuid-bytes.ts';

/** Unknown keys are ignored; null and undefined count as absent where a field is optional. */
export class FieldReader {
  readonly #map: ReadonlyMap<CborItem, CborItem>;
  readonly #what: string;

  /** `what` names the map in messages. Throws when `item` is no map. */
  constructor(item: CborItem, what: string) {
    if (!(item instanceof Map)) throw malformed(`${what} is not a map`);
    // `instanceof` forgets the type arguments.
    this.#map = item as ReadonlyMap<CborItem, CborItem>;
    this.#what = what;
  }

  has(key: string): boolean {
    return this.#map.has(key);
  }

  text(key: string): string {
    return textOf(this.#get(key), this.#name(key));
  }

  uint(key: string): number {
    return uintOf(this.#get(key), this.#name(key));
  }

  uuid(key: string): Uuid {
    return uuidOf(this.#get(key), this.#name(key));
  }

  /** Absent means false; null does not. */
  flag(key: string): boolean {
    const value = this.has(key) ? this.#get(key) : false;
    if (typeof value !== 'boolean') throw malformed(`${this.#name(key)} is not a boolean`);
    return value;
  }

  /** One of a closed set. */
  word<T extends string>(key: string, words: readonly T[]): T {
    return oneOf(words)(this.#get(key), this.#name(key));
  }

  blob(key: string): Uint8Array {
    return blobOf(this.#get(key), this.#name(key));
  }

  list<T>(key: string, item: (value: CborItem, name: string) => T): T[] {
    return listOf(this.#get(key), item, this.#name(key));
  }

  /** The value read by `read`, undefined where it is absent. */
  optional<T>(key: string, read: (value: CborItem, name: string) => T): T | undefined {
    const value = this.#map.get(key);
    return value === undefined || value === null ? undefined : read(value, this.#name(key));
  }

  required<T>(key: string, read: (value: CborItem, name: string) => T): T {
    return read(this.#get(key), this.#name(key));
  }

  /** The value read by `read`, `otherwise` where there is no such key. */
  or<T>(key: string, otherwise: T, read: (value: CborItem, name: string) => T): T {
    return this.has(key) ? read(this.#get(key), this.#name(key)) : otherwise;
  }

  /** The one key of a map that stands for a variant with data. */
  variant(): { readonly name: string; readonly value: CborItem } {
    const [entry, ...more] = this.#map;
    if (entry === undefined || more.length > 0) throw malformed(`${this.#what} is not one variant`);
    return { name: textOf(entry[0], this.#what), value: entry[1] };
  }

  #get(key: string): CborItem {
    if (!this.#map.has(key)) throw malformed(`${this.#what} lacks "${key}"`);
    return this.#map.get(key);
  }

  #name(key: string): string {
    return `"${key}" of ${this.#what}`;
  }
}

export function textOf(value: CborItem, name: string): string {
  if (typeof value !== 'string') throw malformed(`${name} is not text`);
  return value;
}

/** Whole, not negative, and exact as a JavaScript number. */
export function uintOf(value: CborItem, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw malformed(`${name} is not an unsigned integer below 2^53`);
  }
  return value;
}

/** 16 bytes, or text in any spelling; a list of integers is refused, as the daemon refuses it. */
export function uuidOf(value: CborItem, name: string): Uuid {
  const uuid =
    value instanceof Uint8Array && value.length === 16
      ? uuidFromBytes(value)
      : typeof value === 'string'
        ? parseUuid(value)
        : undefined;
  if (uuid === undefined) throw malformed(`${name} is not a UUID`);
  return uuid;
}

/** A list of integers; a byte string is refused, as the daemon refuses it. */
export function blobOf(value: CborItem, name: string): Uint8Array {
  if (value instanceof ByteList) return value.bytes;
  return Uint8Array.from(
    listOf(
      value,
      (item) => {
        const byte = uintOf(item, name);
        if (byte > 255) throw malformed(`${name} holds a number above 255`);
        return byte;
      },
      name,
    ),
  );
}

export function listOf<T>(value: CborItem, item: (value: CborItem, name: string) => T, name: string): T[] {
  if (value instanceof ByteList) return Array.from(value.bytes, (byte) => item(byte, name));
  if (!Array.isArray(value)) throw malformed(`${name} is not a list`);
  return (value as readonly CborItem[]).map((entry) => item(entry, name));
}

/** Text to text. */
export function textMapOf(value: CborItem, name: string): Map<string, string> {
  if (!(value instanceof Map)) throw malformed(`${name} is not a map`);
  const map = new Map<string, string>();
  for (const [key, text] of value as ReadonlyMap<CborItem, CborItem>) {
    map.set(textOf(key, name), textOf(text, name));
  }
  return map;
}

/** One of a closed set of words. */
export function oneOf<T extends string>(words: readonly T[]): (value: CborItem, name: string) => T {
  return (value, name) => {
    const word = words.find((known) => known === value);
    if (word === undefined) throw malformed(`${name} is none of ${words.join(', ')}`);
    return word;
  };
}

export function malformed(message: string): AppError {
  return new AppError('FrameMalformed', `The frame is malformed: ${message}.`);
}
