/** Owns the words for what a model was trained for. */

/**
 * Beside text, which all are for. Every lane asks for tools as structured output, so a model that was not trained for them
 * can be offered some as well; it will use them worse.
 */
export type ModelCapability = 'tools' | 'embeddings' | 'vision';

/** "text, tools" */
export function capabilityWords(capabilities: readonly ModelCapability[]): string {
  return ['text', ...capabilities].join(', ');
}
