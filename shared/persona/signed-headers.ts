/** Owns the `x-persona.*` headers: what a citizen signs of everything she says, and how a reader checks it. */
import * as v from 'valibot';
import { UuidSchema, type Uuid } from '../airc/model.ts';
import { fromBase64Url, toBase64Url } from '../base64url.ts';
import { lengthPrefixed, type SignatureVerifier, type Signer } from '../signatures.ts';
import { CITIZEN_KINDS, ROLE_IDS, type CitizenKind, type RoleId } from './identity.ts';

const VERSION = '1';

/** What a signature covers beside the key: bound to room, author, message id and text. */
export interface SignedSaying {
  readonly peerId: Uuid;
  readonly channel: Uuid;
  /** Her own message id: the same over retries, so that a saying is recognised wherever it went. */
  readonly mid: Uuid;
  readonly atMs: number;
  readonly kind: CitizenKind;
  readonly name: string;
  readonly role: RoleId;
  readonly text: string;
}

async function signedBytes(saying: SignedSaying, hash: SignatureVerifier): Promise<Uint8Array> {
  const textHash = await hash.sha256(new TextEncoder().encode(saying.text));
  const { peerId, channel, mid, atMs, kind, name, role } = saying;
  return lengthPrefixed([VERSION, peerId, channel, mid, String(atMs), kind, name, role, textHash]);
}

/** The headers to publish with the text. */
export async function signHeaders(
  saying: SignedSaying,
  signer: Signer,
  hash: SignatureVerifier,
): Promise<Map<string, string>> {
  const signature = await signer.sign(await signedBytes(saying, hash));
  return new Map([
    ['x-persona.v', VERSION],
    ['x-persona.mid', saying.mid],
    ['x-persona.name', saying.name],
    ['x-persona.role', saying.role],
    ['x-persona.kind', saying.kind],
    ['x-persona.key', toBase64Url(signer.publicKey)],
    ['x-persona.at', String(saying.atMs)],
    ['x-persona.sig', toBase64Url(signature)],
  ]);
}

const HeadersSchema = v.object({
  v: v.literal(VERSION),
  mid: UuidSchema,
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  role: v.picklist(ROLE_IDS),
  kind: v.picklist(CITIZEN_KINDS),
  key: v.pipe(v.string(), v.length(43)),
  at: v.pipe(v.string(), v.regex(/^\d{1,16}$/)),
  sig: v.pipe(v.string(), v.length(86)),
});

export type HeaderReading =
  | { readonly state: 'unsigned' }
  | { readonly state: 'invalid'; readonly reason: string }
  | {
      readonly state: 'valid';
      readonly mid: Uuid;
      readonly name: string;
      readonly role: RoleId;
      readonly kind: CitizenKind;
      readonly key: string;
      readonly atMs: number;
    };

/** Reads and checks the headers of one event. `unsigned` when there are none: a plain airc client. */
export async function readHeaders(
  event: {
    readonly peerId: Uuid;
    readonly channel: Uuid;
    readonly headers: ReadonlyMap<string, string>;
    readonly text: string;
  },
  crypto: SignatureVerifier,
): Promise<HeaderReading> {
  if (![...event.headers.keys()].some((key) => key.startsWith('x-persona.'))) return { state: 'unsigned' };
  const fields = Object.fromEntries(
    Object.keys(HeadersSchema.entries).map((key) => [key, event.headers.get(`x-persona.${key}`)]),
  );
  const parsed = v.safeParse(HeadersSchema, fields);
  if (!parsed.success) return { state: 'invalid', reason: 'malformed x-persona headers' };
  const { mid, name, role, kind, key, at, sig } = parsed.output;
  const keyBytes = fromBase64Url(key);
  const sigBytes = fromBase64Url(sig);
  if (!keyBytes || !sigBytes) return { state: 'invalid', reason: 'malformed key or signature' };
  const saying: SignedSaying = {
    peerId: event.peerId,
    channel: event.channel,
    mid,
    atMs: Number(at),
    kind,
    name,
    role,
    text: event.text,
  };
  const good = await crypto.verify(keyBytes, await signedBytes(saying, crypto), sigBytes);
  if (!good) return { state: 'invalid', reason: 'the signature does not fit the message' };
  return { state: 'valid', mid, name, role, kind, key, atMs: saying.atMs };
}
