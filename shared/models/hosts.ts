/** Owns which hosts a model may be fetched from: those that come with the product, and those that the person approved. */
import * as v from 'valibot';

/**
 * As sources of a Content-Security-Policy. Hugging Face keeps its large files under names of its own; the last one has
 * the libraries of the compiled models in the catalogue.
 */
export const BUILT_IN_HOSTS = [
  'https://huggingface.co',
  'https://*.huggingface.co',
  'https://*.hf.co',
  'https://raw.githubusercontent.com',
] as const;

/** More than anybody reads over. */
export const MAX_APPROVED_HOSTS = 64;

/**
 * An origin: `https`, or `http` on this machine. Lower case, no path: it goes into a policy as it is, where a blank or a
 * semicolon would begin something else.
 */
export const HostSchema = v.pipe(
  v.string(),
  v.maxLength(300),
  v.regex(/^(https:\/\/[a-z0-9.-]+|http:\/\/(127\.0\.0\.1|localhost))(:\d{1,5})?$/),
);

/** Whether a policy with these sources lets a fetch of `url` through. */
export function isAllowedHost(url: string, approved: readonly string[]): boolean {
  const { origin, hostname, protocol } = new URL(url);
  return [...BUILT_IN_HOSTS, ...approved].some((source) => {
    if (!source.startsWith('https://*.')) return source === origin;
    return protocol === 'https:' && hostname.endsWith(source.slice('https://*'.length));
  });
}
