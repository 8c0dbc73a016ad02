/** Owns telling from the words of an engine that there was no memory for a model. */

/** Of llama.cpp and ggml, of the code around them in wasm and in Node, and of JavaScript itself. */
const SIGNS =
  /out of (?:host |device )?memory|\bOOM\b|bad_alloc|failed to allocate|unable to allocate|could not allocate|cannot enlarge memory|allocation failed|insufficient memory|not enough (?:v?ram|memory)|too large for the available/i;

export function saysOutOfMemory(words: string): boolean {
  return SIGNS.test(words);
}
