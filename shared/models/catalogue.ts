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
  sizeBytes: 5_561_152,
  sha256: '5879b20dc55c9839818e26e66513142eceea082e8325d9a30b280033e254f86b',
  licence: 'MIT',
  contextTokens: 2_048,
  promptFormats: [1],
};
