/** Owns what a half-downloaded file is: its bytes, and which of its chunks are whole, with the hash each had. */
import type { DownloadManifest } from './manifest.ts';

/** One download that this realm holds open; nobody else can, until it is closed. */
export interface PartFile {
  readonly manifest: DownloadManifest;
  /** SHA-256 of each whole chunk as it was written, lower-case hex; undefined where it is still to be fetched. */
  readonly chunks: readonly (string | undefined)[];
  /** The bytes are on the disk before the chunk counts as whole. `StorageFailed` when the disk is full. */
  write(index: number, bytes: Uint8Array, sha256: string): void;
  /** Bytes as they are now, which a bad disk may have changed. */
  read(index: number): Uint8Array<ArrayBuffer>;
  /** Of a chunk that turned out not to be what was written. */
  forget(index: number): void;
  close(): void;
}

export interface StoredPart {
  readonly id: string;
  readonly manifest: DownloadManifest;
  readonly doneBytes: number;
}

export interface PartStore {
  list(): Promise<readonly StoredPart[]>;
  /** Begins, or goes on where it was left. `DownloadElsewhere` when another tab holds it, `StorageFailed`. */
  open(id: string, manifest: DownloadManifest): Promise<PartFile>;
  /**
   * Puts the closed part in place under this name, with what is known of its chunks beside it. The name of a model by
   * itself is its hash.
   */
  finish(id: string, name: string): Promise<void>;
  /** Names of all that are finished. */
  listFinished(): Promise<readonly string[]>;
  /** A finished one again, to be checked; undefined where the model did not come by a download. */
  reopen(name: string): Promise<PartFile | undefined>;
  /** Makes a closed, finished one a download again: it is no model any more. */
  unfinish(id: string, name: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** Bytes that may still be stored here. */
  freeBytes(): Promise<number>;
}
