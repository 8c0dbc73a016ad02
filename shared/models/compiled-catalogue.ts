/** Owns the models of others that MLC compiled for web-llm and that can be fetched: in pairs, since not every GPU knows f16. */
import type { ModelCapability } from './capabilities.ts';

/** One compilation; the exact sizes are asked of the host. */
export interface CompiledBuild {
  /** Of the repository of its weights. */
  readonly address: string;
  /** Of its library, which stands elsewhere. Its branch moves, but an entry of a version is not written over. */
  readonly library: string;
  /** What web-llm's own list says that it takes of the GPU's memory, at the context below. */
  readonly gpuBytes: number;
}

export interface CompiledModel {
  readonly name: string;
  readonly licence: string;
  /** As web-llm's own list bounds it. */
  readonly contextTokens: number;
  /** Of its prompts, as its configuration brings it. */
  readonly template: string;
  /** What its makers trained it for, beside text. */
  readonly capabilities: readonly ModelCapability[];
  readonly f16: CompiledBuild;
  readonly f32: CompiledBuild;
}

const WEIGHTS = 'https://huggingface.co/mlc-ai/';
/** Of the libraries that fit web-llm 0.2.86; another version of web-llm may need others. */
const LIBRARIES =
  'https://raw.githubusercontent.com/mlc-ai/binary-mlc-llm-libs/main/web-llm-models/v0_2_86/base/';
const MIB = 1024 * 1024;

function build(model: string, library: string, gpuMib: number): CompiledBuild {
  return {
    address: `${WEIGHTS}${model}-MLC`,
    library: `${LIBRARIES}${library}_cs1k-webgpu.wasm`,
    gpuBytes: Math.round(gpuMib * MIB),
  };
}

/**
 * Smallest first. Names, addresses and figures are those of `prebuiltAppConfig` in web-llm 0.2.86. None was fetched or
 * run by the developers, who could reach neither host: the way through was tried with a model of their own.
 */
export const COMPILED_MODELS: readonly CompiledModel[] = [
  {
    name: 'Llama 3.2 1B Instruct',
    licence: 'Llama 3.2 Community License',
    contextTokens: 4_096,
    template: 'Llama 3',
    capabilities: ['tools'],
    f16: build('Llama-3.2-1B-Instruct-q4f16_1', 'Llama-3.2-1B-Instruct-q4f16_1', 879.04),
    f32: build('Llama-3.2-1B-Instruct-q4f32_1', 'Llama-3.2-1B-Instruct-q4f32_1', 1_128.82),
  },
  {
    name: 'Qwen2.5 0.5B Instruct',
    licence: 'Apache-2.0',
    contextTokens: 4_096,
    template: 'ChatML',
    capabilities: ['tools'],
    f16: build('Qwen2.5-0.5B-Instruct-q4f16_1', 'Qwen2-0.5B-Instruct-q4f16_1', 944.62),
    f32: build('Qwen2.5-0.5B-Instruct-q4f32_1', 'Qwen2-0.5B-Instruct-q4f32_1', 1_060.2),
  },
  {
    name: 'Qwen2.5 1.5B Instruct',
    licence: 'Apache-2.0',
    contextTokens: 4_096,
    template: 'ChatML',
    capabilities: ['tools'],
    f16: build('Qwen2.5-1.5B-Instruct-q4f16_1', 'Qwen2-1.5B-Instruct-q4f16_1', 1_629.75),
    f32: build('Qwen2.5-1.5B-Instruct-q4f32_1', 'Qwen2-1.5B-Instruct-q4f32_1', 1_888.97),
  },
];

/** The entry whose weights stand at this address; undefined for a model of one's own. */
export function compiledAt(address: URL): (CompiledBuild & Pick<CompiledModel, 'contextTokens'>) | undefined {
  const place = (address.origin + address.pathname).replace(/(\/tree\/main)?\/?$/, '').toLowerCase();
  for (const { f16, f32, contextTokens } of COMPILED_MODELS)
    for (const each of [f16, f32])
      if (each.address.toLowerCase() === place) return { ...each, contextTokens };
  return undefined;
}
