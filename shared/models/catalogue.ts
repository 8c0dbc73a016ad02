/** Owns the built-in catalogue: our own model, whose bytes are pinned, and models of others that can be fetched. */
import type { ModelCapability } from './capabilities.ts';

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
  sha256: 'e31b526777dcedd650718bcef408c265dbbcb65100deaf59b923aecd2e2c46b2',
  licence: 'MIT',
  contextTokens: 2_048,
  promptFormats: [1],
};

/** A model of others that is known to follow the instructions of a room. */
export interface SuggestedModel {
  readonly name: string;
  /** Of the file's newest revision: what it is at the moment, size and hash included, is asked of the host and pinned. */
  readonly address: string;
  /** As its page said in 2026; the exact size is asked of the host. */
  readonly aboutBytes: number;
  /** SPDX. */
  readonly licence: string;
  readonly contextTokens: number;
  /** Of its prompts, as the file brings it. */
  readonly template: string;
  /** What its makers trained it for, beside text. */
  readonly capabilities: readonly ModelCapability[];
  /** By layers, cache heads and their width as published; keys and values in f16. */
  readonly cacheBytesPerToken: number;
  readonly headCount: number;
}

const MIB = 1024 * 1024;

/** Smallest first. None was run by the developers, who could reach no host of models. */
export const SUGGESTED_MODELS: readonly SuggestedModel[] = [
  {
    name: 'SmolLM2 360M Instruct, Q8_0',
    address:
      'https://huggingface.co/ngxson/SmolLM2-360M-Instruct-Q8_0-GGUF/resolve/main/smollm2-360m-instruct-q8_0.gguf',
    aboutBytes: 369 * MIB,
    licence: 'Apache-2.0',
    contextTokens: 8_192,
    template: 'ChatML',
    capabilities: [],
    cacheBytesPerToken: 32 * 5 * (64 + 64) * 2,
    headCount: 15,
  },
  {
    name: 'Qwen2.5 0.5B Instruct, Q8_0',
    address:
      'https://huggingface.co/Qwen/Qwen2.5-0.5B-Instruct-GGUF/resolve/main/qwen2.5-0.5b-instruct-q8_0.gguf',
    aboutBytes: 644 * MIB,
    licence: 'Apache-2.0',
    contextTokens: 32_768,
    template: 'ChatML',
    capabilities: ['tools'],
    cacheBytesPerToken: 24 * 2 * (64 + 64) * 2,
    headCount: 14,
  },
  {
    name: 'Qwen2.5 1.5B Instruct, Q4_K_M',
    address:
      'https://huggingface.co/Qwen/Qwen2.5-1.5B-Instruct-GGUF/resolve/main/qwen2.5-1.5b-instruct-q4_k_m.gguf',
    aboutBytes: 1_066 * MIB,
    licence: 'Apache-2.0',
    contextTokens: 32_768,
    template: 'ChatML',
    capabilities: ['tools'],
    cacheBytesPerToken: 28 * 2 * (128 + 128) * 2,
    headCount: 12,
  },
];
