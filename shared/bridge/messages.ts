/** Owns the shapes that cross the bridge: rooms, daemon, events, and the two signed proofs. */
import * as v from 'valibot';
import { CursorSchema, DELIVERY_CLASSES, EVENT_KINDS, UuidSchema } from '../airc/model.ts';
import { NEXT_STEP, type ErrorCode } from '../errors.ts';
import { MlcFactsSchema } from '../models/mlc-lists.ts';
import { ModelNeedsSchema } from '../models/model-needs.ts';
import { lengthPrefixed } from '../signatures.ts';
import { MAX_INBOX_LIMIT, MAX_TEXT_CHARS } from './limits.ts';

export const WireErrorSchema = v.object({
  code: v.picklist(Object.keys(NEXT_STEP) as ErrorCode[]),
  message: v.pipe(v.string(), v.maxLength(4096)),
  detail: v.optional(v.pipe(v.string(), v.maxLength(16384))),
});

export const DaemonInfoSchema = v.object({
  kind: v.picklist(['airc', 'embedded']),
  socketPath: v.string(),
  /** `gone`: it stopped answering; the companion tries again by itself. */
  state: v.picklist(['up', 'gone']),
});
export type DaemonInfo = v.InferOutput<typeof DaemonInfoSchema>;

export const RoomInfoSchema = v.object({ name: v.string(), channel: UuidSchema });
export type RoomInfo = v.InferOutput<typeof RoomInfoSchema>;

/** The model file the companion was started with, or the default; the page may fetch its bytes at `path`. */
export const ModelOfferSchema = v.object({
  id: v.string(),
  name: v.string(),
  sizeBytes: v.number(),
  sha256: v.string(),
  starter: v.boolean(),
  /** Same-origin path of the bytes, for a lane in the tab; of MLC, of the folder of its files. */
  path: v.string(),
  /** Set where the model is a folder that MLC compiled, and no GGUF file. */
  mlc: v.optional(MlcFactsSchema),
  /** Of a GGUF file. */
  needs: v.optional(ModelNeedsSchema),
});
export type ModelOffer = v.InferOutput<typeof ModelOfferSchema>;

/** Headers travel as pairs: an object with a foreign `__proto__` key is never built. */
const HeaderPairsSchema = v.pipe(
  v.array(v.tuple([v.pipe(v.string(), v.maxLength(256)), v.pipe(v.string(), v.maxLength(8192))])),
  v.maxLength(64),
);

/** The airc Body inside a payload: chat text, other JSON (as text), or bytes that are no Body. */
export const BodySchema = v.variant('kind', [
  v.object({ kind: v.literal('text'), text: v.string() }),
  v.object({ kind: v.literal('json'), json: v.string() }),
  v.object({ kind: v.literal('opaque'), sizeBytes: v.number() }),
]);
export type BridgeBody = v.InferOutput<typeof BodySchema>;

export const BridgeEventSchema = v.object({
  eventId: UuidSchema,
  channel: UuidSchema,
  peerId: UuidSchema,
  clientId: UuidSchema,
  kind: v.picklist(EVENT_KINDS),
  delivery: v.picklist(DELIVERY_CLASSES),
  epoch: v.number(),
  counter: v.number(),
  occurredAtMs: v.number(),
  correlationId: v.optional(UuidSchema),
  headers: HeaderPairsSchema,
  body: BodySchema,
});
export type BridgeEvent = v.InferOutput<typeof BridgeEventSchema>;

export const PublishParamsSchema = v.object({
  channel: UuidSchema,
  fromPeer: UuidSchema,
  fromClient: UuidSchema,
  /** Of the lease under which the sender owns `fromPeer`; a stale one is refused. */
  fence: v.pipe(v.number(), v.safeInteger()),
  kind: v.picklist(EVENT_KINDS),
  delivery: v.picklist(DELIVERY_CLASSES),
  coalesceKey: v.optional(v.pipe(v.string(), v.maxLength(256))),
  headers: HeaderPairsSchema,
  body: v.variant('kind', [
    v.object({ kind: v.literal('text'), text: v.pipe(v.string(), v.maxLength(MAX_TEXT_CHARS)) }),
    v.object({ kind: v.literal('json'), json: v.pipe(v.string(), v.maxLength(4 * MAX_TEXT_CHARS)) }),
  ]),
});

export const InboxParamsSchema = v.object({
  channel: UuidSchema,
  since: v.optional(CursorSchema),
  limit: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_INBOX_LIMIT)),
});
export const InboxResultSchema = v.object({
  events: v.array(BridgeEventSchema),
  newest: v.optional(CursorSchema),
});

export const AttachParamsSchema = v.object({
  /** Chosen by the caller, unique per socket; `event` messages carry it. */
  subscription: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  channel: UuidSchema,
  start: v.variant('from', [
    v.object({ from: v.literal('now') }),
    v.object({ from: v.literal('beginning') }),
    v.object({ from: v.literal('after'), cursor: CursorSchema }),
  ]),
});

/** What the page signs with its session key for every socket: nothing reusable crosses the wire. */
export function sessionProof(origin: string, nonce: string, sessionId: string): Uint8Array {
  return lengthPrefixed(['airc-companion/v1', origin, nonce, sessionId]);
}

/** What a citizen signs with her own key to own her peer id on one socket; `nonce` is that socket's challenge. */
export function claimProof(nonce: string, peerId: string, publicKey: string): Uint8Array {
  return lengthPrefixed(['airc-claim/v1', nonce, peerId, publicKey]);
}
