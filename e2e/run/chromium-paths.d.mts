/** Owns the types of chromium-paths.mjs, which runs before anything is compiled. */
export const CHROMIUM_VARIABLE: string;
export function chromiumPaths(): string[];
