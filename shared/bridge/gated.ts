/** Owns what page and companion tell each other of the person's token for models that their host gives only to known accounts. */
import * as v from 'valibot';

/** The one host that the token is for. */
export const GATED_ORIGIN = 'https://huggingface.co';

/** How many of its last characters are shown, so that a person tells two tokens apart. */
const TAIL_CHARS = 4;

/** As it is kept; messages of our own, since the library's repeat what was received. */
export const GatedTokenSchema = v.pipe(
  v.string('A token is a text.'),
  v.minLength(16, 'A token has at least 16 characters.'),
  v.maxLength(512, 'A token has at most 512 characters.'),
  v.regex(/^[\x21-\x7e]+$/, 'A token has no blanks and no special characters.'),
);

/** All that leaves the companion of the token. */
export const GatedOfferSchema = v.object({
  tail: v.pipe(v.string('A tail is a text.'), v.maxLength(TAIL_CHARS, 'A tail is short.')),
});
export type GatedOffer = v.InferOutput<typeof GatedOfferSchema>;

export function gatedOffer(token: string): GatedOffer {
  return { tail: token.slice(-TAIL_CHARS) };
}

/** `/OWNER/REPO/resolve/REVISION/FILE`, and what the host's interface tells of a repository and its files. */
const FILE = /^\/[\w.-]+\/[\w.-]+\/resolve\/[^/]+\/.+$/;
const FACTS = /^\/api\/models\/[\w.-]+\/[\w.-]+\/(?:revision|tree)\/.+$/;
/** A name of several words, another cursor of a list; nothing else has to stand in a query. */
const QUERY = /^\?[\w=&%.~-]{0,512}$/;

/**
 * The address on {@link GATED_ORIGIN} that a target (path and query) means, as the companion would fetch it; undefined for all
 * but models and what is told of them. A way up, a second reading of an escape, or another host has no form here.
 */
export function gatedUrl(target: string): URL | undefined {
  if (!/^\/(?!\/)[\x21-\x7e]*$/.test(target) || !URL.canParse(GATED_ORIGIN + target)) return undefined;
  const url = new URL(GATED_ORIGIN + target);
  const { pathname, search } = url;
  // What the parser reads otherwise than it was written is not what was asked for: `..`, `%2e`, a backslash, a fragment.
  if (url.origin !== GATED_ORIGIN || pathname + search !== target) return undefined;
  if (/%(?:2f|5c|2e|00|25)/i.test(pathname) || pathname.includes('//')) return undefined;
  if (FACTS.test(pathname)) return search === '' || QUERY.test(search) ? url : undefined;
  return FILE.test(pathname) && search === '' ? url : undefined;
}

/** `OWNER/REPO`, for people and to remember it by; undefined for what is no such address. */
export function gatedRepository(url: URL): string | undefined {
  if (url.origin !== GATED_ORIGIN) return undefined;
  const [owner, repository] = url.pathname
    .replace(/^\/api\/models/, '')
    .split('/')
    .slice(1);
  return owner === undefined || repository === undefined ? undefined : `${owner}/${repository}`;
}
