/** Owns half-downloaded files in memory, with the contract of those in OPFS; a disk that a test can spoil and fill. */
import { chunkCount, chunkRange } from '../../web/inference/downloads/chunks.ts';
import type { DownloadManifest } from '../../web/inference/downloads/manifest.ts';
import type { PartFile, PartStore } from '../../web/inference/downloads/part-file.ts';
import { AppError } from '../errors.ts';

interface Part {
  readonly manifest: DownloadManifest;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly chunks: (string | undefined)[];
  isOpen: boolean;
}

export class MemoryPartStore implements PartStore {
  readonly parts = new Map<string, Part>();
  /** By the name they were finished under. */
  readonly finished = new Map<string, Uint8Array>();
  readonly #whole = new Map<string, Part>();
  free = Number.MAX_SAFE_INTEGER;
  /** The next writes fail as on a full disk. */
  isFull = false;

  list(): ReturnType<PartStore['list']> {
    return Promise.resolve(
      Array.from(this.parts, ([id, { manifest, chunks }]) => ({
        id,
        manifest,
        doneBytes: chunks.reduce((sum, hash, index) => {
          const { start, end } = chunkRange(index, manifest.sizeBytes);
          return hash === undefined ? sum : sum + end - start;
        }, 0),
      })),
    );
  }

  open(id: string, manifest: DownloadManifest): Promise<PartFile> {
    const part = this.parts.get(id) ?? {
      manifest,
      bytes: new Uint8Array(manifest.sizeBytes),
      chunks: Array.from({ length: chunkCount(manifest.sizeBytes) }, (): string | undefined => undefined),
      isOpen: false,
    };
    if (part.isOpen)
      return Promise.reject(new AppError('DownloadElsewhere', `${manifest.name} is being loaded elsewhere.`));
    this.parts.set(id, part);
    return Promise.resolve(this.#opened(part));
  }

  listFinished(): Promise<readonly string[]> {
    return Promise.resolve([...this.finished.keys()]);
  }

  reopen(name: string): Promise<PartFile | undefined> {
    const part = this.#whole.get(name);
    return Promise.resolve(part && this.#opened(part));
  }

  #opened(part: Part): PartFile {
    const { manifest } = part;
    part.isOpen = true;
    return {
      manifest: part.manifest,
      chunks: part.chunks,
      write: (index, bytes, sha256) => {
        if (this.isFull) throw new AppError('StorageFailed', 'The disk is full.');
        part.bytes.set(bytes, chunkRange(index, manifest.sizeBytes).start);
        part.chunks[index] = sha256;
      },
      read: (index) => {
        const { start, end } = chunkRange(index, manifest.sizeBytes);
        return part.bytes.slice(start, end);
      },
      forget: (index) => {
        part.chunks[index] = undefined;
      },
      close: () => {
        part.isOpen = false;
      },
    };
  }

  finish(id: string, name: string): Promise<void> {
    const part = this.parts.get(id);
    if (part) {
      this.finished.set(name, part.bytes);
      this.#whole.set(name, part);
    }
    this.parts.delete(id);
    return Promise.resolve();
  }

  unfinish(id: string, name: string): Promise<void> {
    const part = this.#whole.get(name);
    if (part) this.parts.set(id, part);
    this.#whole.delete(name);
    this.finished.delete(name);
    return Promise.resolve();
  }

  remove(id: string): Promise<void> {
    this.parts.delete(id);
    return Promise.resolve();
  }

  freeBytes(): Promise<number> {
    return Promise.resolve(this.free);
  }
}
