/** Owns where the files of a compiled model stand under its path: web-llm appends this to every address without it. */
export const MLC_FILES = 'resolve/main/';
