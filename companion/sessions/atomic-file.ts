/** Owns replacing a small private file as a whole: a reader sees the old text or the new one, never a part. */
import { open, rename, rm } from 'node:fs/promises';
import { AppError } from '../../shared/errors.ts';
import { uuidV4, type RandomSource } from '../../shared/random.ts';

/** Readable by its owner alone (0600). Rejects with `HomeUnusable`; the old file is then as it was. */
export async function replaceFile(path: string, text: string, random: RandomSource): Promise<void> {
  const temporary = `${path}.${uuidV4(random)}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      // Without it a power cut can leave the new name with no bytes behind it.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new AppError('HomeUnusable', `${path} could not be written.`, { cause: error });
  }
}
