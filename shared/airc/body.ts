/** Owns the Body inside a payload: JSON text with a tag, in which chat is an object with a `text`. */
import * as v from 'valibot';
import type { BridgeBody } from '../bridge/messages.ts';
import { AppError } from '../errors.ts';

export type Body =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'binary'; readonly bytes: Uint8Array };

const BodySchema = v.variant('kind', [
  v.object({ kind: v.literal('json'), value: v.unknown() }),
  v.object({
    kind: v.literal('binary'),
    value: v.array(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255))),
  }),
]);
const ChatSchema = v.object({ text: v.string() });

/** Undefined for a payload that is no Body, which is legal: a raw stream chunk, media. */
export function parseBody(payload: Uint8Array): Body | undefined {
  const parsed = v.safeParse(BodySchema, parseJson(payload));
  if (!parsed.success) return undefined;
  const body = parsed.output;
  return body.kind === 'json' ? body : { kind: 'binary', bytes: Uint8Array.from(body.value) };
}

/** The chat text of a Body: its `text`, or in the old form a plain JSON string. */
export function chatTextOf(body: Body): string | undefined {
  if (body.kind !== 'json') return undefined;
  if (typeof body.value === 'string') return body.value;
  const chat = v.safeParse(ChatSchema, body.value);
  return chat.success ? chat.output.text : undefined;
}

/** The payload of a chat message. */
export function chatPayload(text: string): Uint8Array<ArrayBuffer> {
  return jsonPayload({ text });
}

export function jsonPayload(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify({ kind: 'json', value }));
}

export function binaryPayload(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify({ kind: 'binary', value: Array.from(bytes) }));
}

/**
 * How a payload crosses the bridge. Chat is `text` only when nothing but the text is in it: what another program put
 * beside it is not dropped. Never throws.
 */
export function decodeBody(payload: Uint8Array): BridgeBody {
  const opaque: BridgeBody = { kind: 'opaque', sizeBytes: payload.length };
  const body = parseBody(payload);
  if (body === undefined || body.kind === 'binary') return opaque;
  const text = chatTextOf(body);
  const isOnlyText = typeof body.value !== 'object' || Object.keys(body.value ?? {}).length === 1;
  if (text !== undefined && isOnlyText) return { kind: 'text', text };
  try {
    return { kind: 'json', json: JSON.stringify(body.value) };
  } catch (_tooDeep) {
    // What JSON.parse can nest, JSON.stringify cannot always walk.
    return opaque;
  }
}

/** The payload of what came over the bridge. Throws `ProtocolViolation` for `json` that is not JSON. */
export function encodeBody(body: Exclude<BridgeBody, { kind: 'opaque' }>): Uint8Array<ArrayBuffer> {
  if (body.kind === 'text') return chatPayload(body.text);
  try {
    return jsonPayload(JSON.parse(body.json));
  } catch (cause) {
    throw new AppError('ProtocolViolation', 'The body is not JSON.', { cause });
  }
}

function parseJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (_notJson) {
    return undefined;
  }
}
