/** Owns where the files of LoRA adapters lie in this browser: a folder of OPFS beside the models, as verified as those. */
import { createModelFiles, type ModelFiles } from '../models/model-files.ts';
import type { KeptAdapter } from './adapter-files.ts';

export interface AdapterFolder extends Pick<ModelFiles, 'find' | 'write' | 'remove'> {
  list(): Promise<readonly KeptAdapter[]>;
}

const FOLDER = 'adapters';
const NAMED_BY_HASH = /^([0-9a-f]{64})\.gguf$/;

/** `root` is `navigator.storage.getDirectory()`; a dedicated worker, as for the models. */
export function createAdapterFolder(root: FileSystemDirectoryHandle): AdapterFolder {
  return {
    ...createModelFiles(root, FOLDER),
    list: async () => {
      const folder = await root.getDirectoryHandle(FOLDER, { create: true });
      const kept: KeptAdapter[] = [];
      for await (const [name, handle] of folder.entries()) {
        const id = NAMED_BY_HASH.exec(name)?.[1];
        if (id === undefined || handle.kind !== 'file') continue;
        const { size, lastModified } = await (handle as FileSystemFileHandle).getFile();
        kept.push({ id, sizeBytes: size, writtenMs: lastModified });
      }
      return kept;
    },
  };
}
