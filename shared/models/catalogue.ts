/** Owns the built-in catalogue: models whose bytes are pinned, with their licence and what they hold. */
export interface CatalogueEntry {
  /** As the file's `general.name`. */
  readonly name: string;
  /** Under the page's origin. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Of the whole file, lower-case hex; verified by the tests of the project. */
  readonly sha256: string;
  /** SPDX. */
  readonly licence: string;
  readonly contextTokens: number;
  /** Prompt forms that it was trained for; absent for models that follow any instruction. */
  readonly promptFormats?: readonly number[];
}

/** The model of the first run; its card is e2e/models/starter/CARD.md. */
export const STARTER: CatalogueEntry = {
  name: 'persona-node starter',
  path: '/models/starter.gguf',
  sizeBytes: 4_113_472,
  sha256: '99195835cb8922c214d5c1b33eca7aba72dd548fd9fc2fd775d5ca9396dbbf69',
  licence: 'MIT',
  contextTokens: 2_048,
  promptFormats: [1],
};
