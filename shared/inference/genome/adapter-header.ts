/** Owns what is known of a LoRA adapter's file before an engine opens it: read and checked from its GGUF header. */
import * as v from 'valibot';
import { AppError } from '../../errors.ts';
import type { ReadBytes } from '../gguf-cursor.ts';
import { oneLine, openGguf } from '../gguf-file.ts';
import type { GgufMetadata } from '../gguf-metadata.ts';

const MAX_NAME_CHARS = 120;
const MAX_FIELD_CHARS = 200;
/** Some write a whole licence where its name belongs. */
const MAX_FIELD_BYTES = 64 * 1024;
const MAX_WORD_BYTES = 64;

const FieldSchema = v.optional(v.pipe(v.string(), v.maxLength(MAX_FIELD_CHARS)));
/** Where an adapter comes from, as its own file says; nobody has checked any of it. */
export const AdapterProvenanceSchema = v.object({
  author: FieldSchema,
  organization: FieldSchema,
  /** `http` or `https`. */
  url: FieldSchema,
  license: FieldSchema,
  /** What it was trained on top of. */
  baseModel: FieldSchema,
});
export type AdapterProvenance = v.InferOutput<typeof AdapterProvenanceSchema>;

export interface AdapterHeader {
  /** `general.name`, one line of at most 120 characters; undefined where the file has none. */
  readonly name: string | undefined;
  /** Of the models that it fits, at best. */
  readonly architecture: string;
  /** Undefined where the file says nothing. */
  readonly provenance: AdapterProvenance | undefined;
}

/**
 * Reads the header of a file of `fileBytes`. Rejects with `ModelNotGguf`, `ModelTruncated` (cut anywhere), or
 * `ModelUnsupported` for what is no LoRA adapter; a rejection of `read` passes through.
 */
export async function readAdapterHeader(read: ReadBytes, fileBytes: number): Promise<AdapterHeader> {
  const gguf = await openGguf(read, fileBytes);
  const { metadata } = gguf;
  const type = await metadata.text('general.type', MAX_WORD_BYTES);
  const kind = await metadata.text('adapter.type', MAX_WORD_BYTES);
  const architecture = await metadata.text('general.architecture', MAX_WORD_BYTES);
  if (type !== 'adapter' || kind !== 'lora' || !architecture || gguf.tensorCount === 0)
    throw new AppError('ModelUnsupported', 'The GGUF file is not a LoRA adapter (a whole model, perhaps?).');
  await gguf.walkTensors();
  return {
    name: oneLine(await metadata.text('general.name', MAX_FIELD_BYTES), MAX_NAME_CHARS),
    architecture,
    provenance: await provenanceOf(metadata),
  };
}

async function provenanceOf(metadata: GgufMetadata): Promise<AdapterProvenance | undefined> {
  const field = async (key: string): Promise<string | undefined> =>
    oneLine(await metadata.text(key, MAX_FIELD_BYTES), MAX_FIELD_CHARS);
  const told = {
    author: await field('general.author'),
    organization: await field('general.organization'),
    url: webAddress(await field('general.url')) ?? webAddress(await field('general.source.url')),
    license: await field('general.license'),
    baseModel: await field('general.base_model.0.name'),
  };
  return Object.values(told).some((value) => value !== undefined) ? told : undefined;
}

/** A page may make a link of it. */
function webAddress(text: string | undefined): string | undefined {
  if (text === undefined || !URL.canParse(text)) return undefined;
  const { protocol } = new URL(text);
  return protocol === 'http:' || protocol === 'https:' ? text : undefined;
}
