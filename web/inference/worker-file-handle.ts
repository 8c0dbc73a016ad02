/** Owns what Chromium's OPFS has in a dedicated worker and TypeScript's DOM library does not declare. */

export interface SyncAccess {
  getSize(): number;
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(sizeBytes: number): void;
  flush(): void;
  close(): void;
}

export interface WorkerFileHandle extends FileSystemFileHandle {
  /** Exclusive: `NoModificationAllowedError` while anybody else has one. */
  createSyncAccessHandle(): Promise<SyncAccess>;
  move(name: string): Promise<void>;
  move(folder: FileSystemDirectoryHandle, name: string): Promise<void>;
}
