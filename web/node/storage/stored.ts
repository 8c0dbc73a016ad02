/** Owns how a failing browser database is told: as `StorageFailed`, with the cause. */
import { AppError } from '../../../shared/errors.ts';

export async function stored<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('StorageFailed', 'The browser could not read or write its database.', {
      cause: error,
    });
  }
}
