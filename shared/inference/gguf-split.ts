/**
 * Owns models that were split into several GGUF files: which files belong together, and the one file that they are.
 *
 * Everywhere here a split model is that one file: its size and its SHA-256 are those of the joined bytes, and it is joined
 * while it is read, without a copy. The engine of the tab finds shards by names that it gives to adapters, too.
 */
import { AppError } from '../errors.ts';
import { implausible, MAX_READ_BYTES, truncated, type ReadBytes } from './gguf-cursor.ts';
import { alignmentOf, GGUF_START_BYTES, MAX_TENSORS, openGguf, type OpenGguf } from './gguf-file.ts';
import { MAX_PARTS, shownParts } from './gguf-split-names.ts';
import type { TensorTotals } from './gguf-tensors.ts';

export interface GgufPart {
  /** Of the file, for people. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly read: ReadBytes;
}

/** What follows what in the joined file: own bytes, or those of a part, by its place among those that were given. */
export type JoinedPiece =
  | { readonly kind: 'own'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'part'; readonly part: number; readonly from: number; readonly to: number };

export interface JoinedGguf {
  readonly sizeBytes: number;
  readonly pieces: readonly JoinedPiece[];
}

const SPLIT_KEYS = ['split.no', 'split.count', 'split.tensors.count'] as const;

interface OpenPart {
  readonly name: string;
  /** Among those that were given. */
  readonly index: number;
  readonly sizeBytes: number;
  readonly read: ReadBytes;
  readonly gguf: OpenGguf;
  readonly tensors: TensorTotals;
  /** From 0. */
  readonly number: number;
  readonly count: number;
  /** Of the whole model. */
  readonly allTensors: number;
}

/**
 * Takes the parts in any order. Rejects with `ModelIncomplete` where one is missing, there twice, or of another model; with
 * `ModelNotGguf`, `ModelTruncated` or `ModelUnsupported` for what is wrong with one of them, which is named.
 */
export async function joinGguf(given: readonly GgufPart[]): Promise<JoinedGguf> {
  if (given.length > MAX_PARTS)
    throw new AppError(
      'ModelIncomplete',
      `These are ${given.length} files; a model has ${MAX_PARTS} at most.`,
    );
  const opened: OpenPart[] = [];
  for (const part of given) opened.push(await inFile(part.name, openPart(part, opened)));
  return layOut(inOrder(opened));
}

/** Reads the joined file as one. */
export function readJoined({ pieces }: JoinedGguf, parts: readonly GgufPart[]): ReadBytes {
  return async (offset, length) => {
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const { piece, from, to } of piecesWithin(pieces, offset, offset + length)) {
      const read =
        piece.kind === 'own'
          ? piece.bytes.subarray(from, to)
          : await parts[piece.part]?.read(piece.from + from, to - from);
      bytes.set(read ?? [], at);
      at += read?.length ?? 0;
      // It was cut since.
      if (at < length && (read?.length ?? 0) < to - from) return bytes.subarray(0, at);
    }
    return bytes;
  };
}

/** What of each piece lies in this range of the joined file; `from` and `to` are offsets within the piece. */
export function* piecesWithin(
  pieces: readonly JoinedPiece[],
  first: number,
  end: number,
): Generator<{ readonly piece: JoinedPiece; readonly from: number; readonly to: number }> {
  let at = 0;
  for (const piece of pieces) {
    const size = piece.kind === 'own' ? piece.bytes.length : piece.to - piece.from;
    const from = Math.max(0, first - at);
    const to = Math.min(size, end - at);
    if (from < to) yield { piece, from, to };
    at += size;
  }
}

async function openPart({ name, sizeBytes, read }: GgufPart, before: readonly OpenPart[]): Promise<OpenPart> {
  const gguf = await openGguf(read, sizeBytes);
  const [number, count, allTensors] = await Promise.all(SPLIT_KEYS.map((key) => gguf.metadata.count(key)));
  if (number === undefined || count === undefined || allTensors === undefined || number >= count)
    throw new AppError('ModelIncomplete', 'This is no part of a split model.');
  if (count > MAX_PARTS) throw implausible(`${count} parts`);
  if (allTensors > MAX_TENSORS) throw implausible(`${allTensors} tensors`);
  const told = { name, index: before.length, sizeBytes, read, gguf, number, count, allTensors };
  requireSameModel(told, before);
  return { ...told, tensors: await gguf.walkTensors() };
}

/** Before its tensors are walked: all of them are held, and hostile parts could each have as many as a model may. */
function requireSameModel(part: Omit<OpenPart, 'tensors'>, before: readonly OpenPart[]): void {
  const [any] = before;
  if (any && (part.count !== any.count || part.allTensors !== any.allTensors))
    throw new AppError('ModelIncomplete', `${part.name} and ${any.name} are parts of two different models.`);
  const other = before.find(({ number }) => number === part.number);
  if (other)
    throw new AppError(
      'ModelIncomplete',
      `${other.name} and ${part.name} are both part ${part.number + 1} of ${part.count}.`,
    );
  const tensorCount = before.reduce((sum, { gguf }) => sum + gguf.tensorCount, part.gguf.tensorCount);
  if (tensorCount > part.allTensors)
    throw new AppError('ModelIncomplete', `${part.name} and the other files are not parts of one model.`);
}

/** Says of which file it is; a rejection of `read` passes through. */
async function inFile<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof AppError) || error.message.includes(name)) throw error;
    throw new AppError(error.code, `${name}: ${error.message}`, { cause: error });
  }
}

function inOrder(opened: readonly OpenPart[]): readonly [OpenPart, ...OpenPart[]] {
  const [any] = opened;
  if (!any) throw new AppError('ModelIncomplete', 'There is no file.');
  const byNumber = new Map(opened.map((part) => [part.number, part]));
  const numbers = Array.from({ length: any.count }, (_none, number) => number);
  const missing = numbers.filter((number) => !byNumber.has(number)).map((number) => number + 1);
  if (missing.length > 0)
    throw new AppError(
      'ModelIncomplete',
      `Of the ${any.count} parts of the model these are missing: ${shownParts(missing, any.name)}.`,
    );
  const [first = any, ...others] = numbers.flatMap((number) => byNumber.get(number) ?? []);
  const names = opened.flatMap(({ tensors }) => tensors.places.map(({ name }) => name));
  if (names.length !== any.allTensors || new Set(names).size !== names.length)
    throw new AppError('ModelIncomplete', `${any.name} and the other files are not parts of one model.`);
  return [first, ...others];
}

/** The keys of the first without those of the split, all descriptions with new offsets, then the data of each. */
async function layOut(parts: readonly [OpenPart, ...OpenPart[]]): Promise<JoinedGguf> {
  const [first] = parts;
  const alignmentBytes = await alignmentOf(first.gguf.metadata);
  const spans = SPLIT_KEYS.flatMap((key) => first.gguf.metadata.spanOf(key) ?? []);
  const pieces: JoinedPiece[] = [startOf(first, spans.length)];
  let at = GGUF_START_BYTES;
  const add = (piece: JoinedPiece): void => {
    pieces.push(piece);
  };
  for (const { from, to } of spans.toSorted((one, other) => one.from - other.from)) {
    if (from > at) add({ kind: 'part', part: first.index, from: at, to: from });
    at = to;
  }
  if (first.tensors.describedFrom > at)
    add({ kind: 'part', part: first.index, from: at, to: first.tensors.describedFrom });

  const data: JoinedPiece[] = [];
  let dataBytes = 0;
  for (const part of parts) {
    add({ kind: 'own', bytes: await inFile(part.name, descriptionsOf(part, dataBytes, alignmentBytes)) });
    const { dataFrom } = part.tensors;
    const to = Math.max(dataFrom, part.sizeBytes);
    if (to > dataFrom) data.push({ kind: 'part', part: part.index, from: dataFrom, to });
    const padding = paddingOf(to - dataFrom, alignmentBytes);
    if (padding > 0) data.push({ kind: 'own', bytes: new Uint8Array(padding) });
    dataBytes += to - dataFrom + padding;
  }
  const padding = paddingOf(sizeOf(pieces), alignmentBytes);
  if (padding > 0) add({ kind: 'own', bytes: new Uint8Array(padding) });
  const all = [...pieces, ...data];
  return { sizeBytes: sizeOf(all), pieces: all };

  function startOf({ gguf, allTensors }: OpenPart, dropped: number): JoinedPiece {
    const bytes = new Uint8Array(GGUF_START_BYTES);
    const view = new DataView(bytes.buffer);
    bytes.set(new TextEncoder().encode('GGUF'));
    view.setUint32(4, gguf.version, true);
    view.setBigUint64(8, BigInt(allTensors), true);
    view.setBigUint64(16, BigInt(gguf.keyCount - dropped), true);
    return { kind: 'own', bytes };
  }
}

async function descriptionsOf(
  { tensors, read }: OpenPart,
  dataBytes: number,
  alignmentBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { describedFrom, describedTo, places } = tensors;
  const bytes = new Uint8Array(describedTo - describedFrom);
  for (let at = 0; at < bytes.length; at += MAX_READ_BYTES) {
    const length = Math.min(MAX_READ_BYTES, bytes.length - at);
    const taken = await read(describedFrom + at, length);
    if (taken.length < length) throw truncated();
    bytes.set(taken, at);
  }
  const view = new DataView(bytes.buffer);
  for (const { offset, offsetAt } of places) {
    if (offset % alignmentBytes !== 0)
      throw new AppError(
        'ModelUnsupported',
        'Its tensors are aligned otherwise than those of the first part.',
      );
    view.setBigUint64(offsetAt - describedFrom, BigInt(offset + dataBytes), true);
  }
  return bytes;
}

function paddingOf(bytes: number, alignmentBytes: number): number {
  return (alignmentBytes - (bytes % alignmentBytes)) % alignmentBytes;
}

function sizeOf(pieces: readonly JoinedPiece[]): number {
  return pieces.reduce(
    (sum, piece) => sum + (piece.kind === 'own' ? piece.bytes.length : piece.to - piece.from),
    0,
  );
}
