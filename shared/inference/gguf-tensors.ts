/** Owns the tensor section of a GGUF file: every tensor has to lie inside the file, aligned, with a possible size. */
import { AppError } from '../errors.ts';
import { implausible, truncated, type GgufCursor } from './gguf-cursor.ts';

const MAX_DIMENSIONS = 4;
const MAX_NAME_BYTES = 256;

/** ggml type number → [elements per block, bytes per block]. */
const BLOCKS: ReadonlyMap<number, readonly [number, number]> = new Map([
  [0, [1, 4]],
  [1, [1, 2]],
  [2, [32, 18]],
  [3, [32, 20]],
  [6, [32, 22]],
  [7, [32, 24]],
  [8, [32, 34]],
  [9, [32, 36]],
  [10, [256, 84]],
  [11, [256, 110]],
  [12, [256, 144]],
  [13, [256, 176]],
  [14, [256, 210]],
  [15, [256, 292]],
  [16, [256, 66]],
  [17, [256, 74]],
  [18, [256, 98]],
  [19, [256, 50]],
  [20, [32, 18]],
  [21, [256, 110]],
  [22, [256, 82]],
  [23, [256, 136]],
  [24, [1, 1]],
  [25, [1, 2]],
  [26, [1, 4]],
  [27, [1, 8]],
  [28, [1, 8]],
  [29, [256, 56]],
  [30, [1, 2]],
  [34, [256, 54]],
  [35, [256, 66]],
  [39, [32, 17]],
]);

export interface TensorTotals {
  readonly bytes: number;
  readonly largestBytes: number;
  /** Where the descriptions begin and end in the file, and where the data begins. */
  readonly describedFrom: number;
  readonly describedTo: number;
  readonly dataFrom: number;
  readonly places: readonly TensorPlace[];
}

export interface TensorPlace {
  readonly name: string;
  /** Where its offset stands in the file: the last thing of its description. */
  readonly offsetAt: number;
  /** Of its bytes, from the beginning of the data. */
  readonly offset: number;
}

/**
 * Walks `count` tensor descriptions and checks them against the size of the file. A type that this table does not
 * know (the engine may be newer) counts as zero bytes, so that only its offset is checked.
 */
export async function walkTensors(
  cursor: GgufCursor,
  count: number,
  alignmentBytes: number,
  fileBytes: number,
): Promise<TensorTotals> {
  let bytes = 0;
  let largestBytes = 0;
  let dataEnds = 0;
  const describedFrom = cursor.position;
  const places: TensorPlace[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = await cursor.text(MAX_NAME_BYTES);
    const size = await tensorBytes(cursor);
    const offsetAt = cursor.position;
    const offset = await cursor.u64('a tensor offset');
    if (offset % alignmentBytes !== 0)
      throw new AppError(
        'ModelUnsupported',
        `A tensor of the GGUF file is not aligned to ${alignmentBytes}.`,
      );
    places.push({ name, offsetAt, offset });
    bytes += size;
    largestBytes = Math.max(largestBytes, size);
    dataEnds = Math.max(dataEnds, offset + size);
  }
  const describedTo = cursor.position;
  const dataFrom = Math.ceil(describedTo / alignmentBytes) * alignmentBytes;
  if (dataFrom + dataEnds > fileBytes) throw truncated();
  return { bytes, largestBytes, describedFrom, describedTo, dataFrom, places };
}

async function tensorBytes(cursor: GgufCursor): Promise<number> {
  const dimensions = await cursor.u32();
  if (dimensions === 0 || dimensions > MAX_DIMENSIONS) throw implausible(`${dimensions} tensor dimensions`);
  let elements = 1;
  let firstDimension = 0;
  for (let index = 0; index < dimensions; index += 1) {
    const length = await cursor.u64('a tensor dimension');
    if (index === 0) firstDimension = length;
    elements *= length;
    if (!(elements > 0 && elements <= Number.MAX_SAFE_INTEGER)) throw implausible('a tensor of that size');
  }
  const [perBlock, blockBytes] = BLOCKS.get(await cursor.u32()) ?? [1, 0];
  if (firstDimension % perBlock !== 0) throw implausible(`a quantised row of ${firstDimension} elements`);
  return (elements / perBlock) * blockBytes;
}
