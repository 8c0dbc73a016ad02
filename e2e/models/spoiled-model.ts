/** Owns model files that only an engine finds out: header and length are right. */

/** Another name stands where the engine looks for a tensor. */
export function withOtherTensorName(model: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(model);
  bytes.set(new TextEncoder().encode('outpux'), Buffer.from(bytes).indexOf('output_norm.weight'));
  return bytes;
}
