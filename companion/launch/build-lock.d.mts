/** Owns the types of build-lock.mjs, which runs before anything is compiled. */
export function withBuildLock<T>(path: string, work: () => T | Promise<T>): Promise<T>;
