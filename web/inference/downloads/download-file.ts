/** Owns one download from its first chunk to the verified file: several ranges at once, tries again, heals, verifies. */
import { createMD5, createSHA256 } from 'hash-wasm';
import type { Clock } from '../../../shared/clock.ts';
import { AppError, toAppError } from '../../../shared/errors.ts';
import { CHUNK_BYTES, chunkCount, chunkRange, spansOf } from './chunks.ts';
import { fetchRange, type FetchBytes } from './fetch-range.ts';
import { inParallel } from './in-parallel.ts';
import { toHex } from './manifest.ts';
import type { PartFile } from './part-file.ts';

export interface DownloadFileDeps {
  readonly fetchBytes: FetchBytes;
  readonly clock: Clock;
  /** Requests under way at once. A few are faster than one; more only take the line from everything else. */
  readonly atOnce: number;
}

export type DownloadStep =
  | { readonly step: 'fetching'; readonly doneBytes: number }
  | { readonly step: 'verifying'; readonly doneBytes: number };

const TRIES = 5;
const FIRST_PAUSE_MS = 500;
/** A chunk that is found bad this often is no accident. */
const HEALINGS = 3;

/**
 * Resolves with the file's SHA-256, and how many chunks the disk had changed, when every byte is on the disk and, where the manifest has a hash, is the right one.
 * Rejects with `DownloadOffline` and `DownloadBusy` after several tries, `DownloadRefused`, `DownloadChanged`,
 * `ModelTruncated` for other bytes than the host's own hash, `StorageFailed` or `Aborted`. What is on the disk stays.
 */
export async function downloadFile(
  part: PartFile,
  deps: DownloadFileDeps,
  onStep: (step: DownloadStep) => void,
  signal: AbortSignal,
): Promise<{ readonly sha256: string; readonly healedChunks: number }> {
  let healedChunks = 0;
  for (let healing = 0; healing < HEALINGS; healing += 1) {
    await fetchMissing(part, deps, onStep, signal);
    const { sha256, bad, isListed } = await verify(part, onStep, signal);
    const { name, sha256: expected } = part.manifest;
    if (bad.length === 0) {
      if ((expected === undefined || sha256 === expected) && isListed) return { sha256, healedChunks };
      throw new AppError(
        'ModelTruncated',
        `What arrived of ${name} is not the file that its host names: the hash differs.`,
      );
    }
    for (const index of bad) part.forget(index);
    healedChunks += bad.length;
  }
  throw new AppError('StorageFailed', `The disk does not keep what is written of ${part.manifest.name}.`);
}

async function fetchMissing(
  part: PartFile,
  deps: DownloadFileDeps,
  onStep: (step: DownloadStep) => void,
  signal: AbortSignal,
): Promise<void> {
  const { sizeBytes } = part.manifest;
  const missing: number[] = [];
  let doneBytes = 0;
  for (let index = 0; index < chunkCount(sizeBytes); index += 1) {
    const { start, end } = chunkRange(index, sizeBytes);
    if (part.chunks[index] === undefined) missing.push(index);
    else doneBytes += end - start;
  }
  const onBytes = (count: number): void => {
    doneBytes += count;
    onStep({ step: 'fetching', doneBytes });
  };
  // A file that is only read again is not fetched.
  if (missing.length > 0) onBytes(0);
  await inParallel(
    deps.atOnce,
    spansOf(missing),
    (span, within) => fetchPatiently(part, span, deps, onBytes, within),
    signal,
  );
}

/** Each try begins at the first chunk that is not whole yet; one that brought any does not count as failed. */
async function fetchPatiently(
  part: PartFile,
  span: { readonly first: number; readonly count: number },
  { fetchBytes, clock }: DownloadFileDeps,
  onBytes: (count: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const { manifest } = part;
  const end = chunkRange(span.first + span.count - 1, manifest.sizeBytes).end;
  let next = span.first;
  for (let attempt = 1; ; attempt += 1) {
    const begun = next;
    const filler = new ChunkFiller(part, next, onBytes);
    try {
      const { start } = chunkRange(next, manifest.sizeBytes);
      await fetchRange(manifest, { start, end }, fetchBytes, (bytes) => filler.add(bytes), signal);
      return;
    } catch (error) {
      filler.giveUp();
      next = filler.next;
      const { code } = toAppError(error);
      if (code !== 'DownloadOffline' && code !== 'DownloadBusy') throw error;
      if (next > begun) attempt = 1;
      else if (attempt === TRIES) throw error;
      await clock.sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1), signal);
    }
  }
}

/** Gathers what comes into chunks, and writes each as soon as it is whole. */
class ChunkFiller {
  /** The first chunk that is not whole. */
  next: number;
  readonly #part: PartFile;
  readonly #onBytes: (count: number) => void;
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  #filled = 0;

  constructor(part: PartFile, first: number, onBytes: (count: number) => void) {
    this.next = first;
    this.#part = part;
    this.#onBytes = onBytes;
  }

  async add(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const { start, end } = chunkRange(this.next, this.#part.manifest.sizeBytes);
      const taken = bytes.subarray(at, at + end - start - this.#filled);
      this.#chunk.set(taken, this.#filled);
      this.#filled += taken.length;
      at += taken.length;
      this.#onBytes(taken.length);
      if (this.#filled === end - start) await this.#write(this.#chunk.subarray(0, this.#filled));
    }
  }

  /** A chunk counts whole or not at all. */
  giveUp(): void {
    this.#onBytes(-this.#filled);
    this.#filled = 0;
  }

  async #write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#part.write(this.next, bytes, await sha256Of(bytes));
    this.next += 1;
    this.#filled = 0;
  }
}

/** The whole file's hash, whether a list that came with it agrees, and the chunks that are not what was written. */
async function verify(
  part: PartFile,
  onStep: (step: DownloadStep) => void,
  signal: AbortSignal,
): Promise<{ readonly sha256: string; readonly isListed: boolean; readonly bad: readonly number[] }> {
  const { sizeBytes, listed } = part.manifest;
  const whole = await createSHA256();
  const other = listed?.by === 'md5' ? await createMD5() : undefined;
  const bad: number[] = [];
  for (let index = 0; index < chunkCount(sizeBytes); index += 1) {
    if (signal.aborted) throw new AppError('Aborted', 'The download was paused.', { cause: signal.reason });
    const bytes = part.read(index);
    whole.update(bytes);
    other?.update(bytes);
    if ((await sha256Of(bytes)) !== part.chunks[index]) bad.push(index);
    onStep({ step: 'verifying', doneBytes: chunkRange(index, sizeBytes).end });
  }
  const sha256 = whole.digest('hex');
  return { sha256, bad, isListed: !listed || listed.hash === (other?.digest('hex') ?? sha256) };
}

async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
