/** Owns the two forms of a UUID: 16 bytes in network order on the wire, lower-case hyphenated text everywhere else. */
import { AppError } from '../errors.ts';
import type { Uuid } from './model.ts';

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** `bytes` has 16 of them. */
export function uuidFromBytes(bytes: Uint8Array): Uuid {
  let hex = '';
  for (const byte of bytes) hex += HEX[byte] ?? '';
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Throws `Internal` for text that is no UUID: foreign text is parsed before it gets here. */
export function uuidToBytes(uuid: Uuid): Uint8Array<ArrayBuffer> {
  const hex = uuid.replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/i.test(hex)) throw new AppError('Internal', `"${uuid}" is not a UUID.`);
  return Uint8Array.from({ length: 16 }, (_, index) =>
    Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  );
}

/** A UUID in any of its spellings (hyphenated, simple, braced, urn); undefined for other text. */
export function parseUuid(text: string): Uuid | undefined {
  const bare = text
    .trim()
    .toLowerCase()
    .replace(/^urn:uuid:/, '')
    .replace(/^\{(.*)\}$/, '$1');
  const isUuid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(bare) || /^[0-9a-f]{32}$/.test(bare);
  return isUuid ? uuidFromBytes(uuidToBytes(bare)) : undefined;
}
