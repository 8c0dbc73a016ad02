/**
 * Owns the page ↔ companion protocol: one map of messages each way. Messages are JSON text frames.
 *
 * A socket goes opening → challenged → ready → closing. The companion speaks first (`challenge`); the page answers
 * `authenticate`; the companion answers `ready`, or `refused` and closes. From then on requests may be answered in any
 * order; events of one subscription keep their order.
 */
import * as v from 'valibot';
import { CursorSchema, PublishReceiptSchema, UuidSchema } from '../airc/model.ts';
import { EmbeddingSchema, EmbedTextSchema } from '../inference/embedding.ts';
import { ChatMessageSchema, GenerateChunkSchema, GenerateRequestSchema } from '../inference/generate.ts';
import { GpuBuildSchema } from '../inference/gpu-builds.ts';
import { LaneReportSchema } from '../inference/lane.ts';
import { HostSchema } from '../models/hosts.ts';
import { AdapterOfferSchema, MAX_ADAPTER_OFFERS } from './adapter-offer.ts';
import { FoundModelSchema } from './found-models.ts';
import { EndpointOfferSchema, EndpointParamsSchema } from './endpoint.ts';
import { GatedOfferSchema, GatedTokenSchema } from './gated.ts';
import {
  AttachParamsSchema,
  BridgeEventSchema,
  DaemonInfoSchema,
  InboxParamsSchema,
  InboxResultSchema,
  ModelOfferSchema,
  PublishParamsSchema,
  RoomInfoSchema,
  WireErrorSchema,
} from './messages.ts';

const EmptySchema = v.object({});
const Base64UrlSchema = v.pipe(v.string(), v.maxLength(128), v.regex(/^[A-Za-z0-9_-]+$/));
const PositiveSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const RequestIdSchema = PositiveSchema;

/** Every request: what it takes and what it gives. */
export const METHODS = {
  /** Own a peer id on this socket. `signature` is over {@link claimProof}. */
  claim: {
    params: v.object({ peerId: UuidSchema, publicKey: Base64UrlSchema, signature: Base64UrlSchema }),
    result: v.object({ fence: v.pipe(v.number(), v.safeInteger()) }),
  },
  release: { params: v.object({ peerId: UuidSchema }), result: EmptySchema },
  roomTip: { params: v.object({ channel: UuidSchema }), result: v.object({ tip: v.optional(CursorSchema) }) },
  inbox: { params: InboxParamsSchema, result: InboxResultSchema },
  attach: { params: AttachParamsSchema, result: EmptySchema },
  detach: { params: v.object({ subscription: v.string() }), result: EmptySchema },
  publish: { params: PublishParamsSchema, result: PublishReceiptSchema },
  /** Load a model in the companion lane; `modelId` is one of `ready.models` or of a finished upload. */
  laneOpen: { params: v.object({ modelId: v.string() }), result: LaneReportSchema },
  /** Answered with the last chunk; what comes before it arrives as `laneChunk` with this request's id. */
  laneGenerate: {
    params: v.object({ modelId: v.string(), request: GenerateRequestSchema }),
    result: EmptySchema,
  },
  /** The page has no use for the model now; the next call of it loads it again. */
  laneRelease: { params: v.object({ modelId: v.string() }), result: EmptySchema },
  laneAbort: { params: v.object({ requestId: RequestIdSchema }), result: EmptySchema },
  laneCountTokens: {
    params: v.object({ modelId: v.string(), messages: v.array(ChatMessageSchema) }),
    result: v.object({ tokens: v.number() }),
  },
  /** `laneAbort` stops it, too. */
  laneEmbed: {
    params: v.object({ modelId: v.string(), text: EmbedTextSchema }),
    result: v.object({ vector: EmbeddingSchema }),
  },
  /** A one-time path for `PUT` of a model file's bytes. The answer of the PUT is a ModelOffer. */
  uploadTicket: {
    params: v.object({
      name: v.pipe(v.string(), v.maxLength(256)),
      sizeBytes: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
    }),
    result: v.object({ path: v.string() }),
  },
  /** From now on the download worker may talk to this host; it is remembered. Answers all that are approved. */
  approveHost: {
    params: v.object({ host: HostSchema }),
    result: v.object({ hosts: v.array(HostSchema) }),
  },
  /** Files that other programs of the person hold. */
  foundModels: { params: EmptySchema, result: v.object({ models: v.array(FoundModelSchema) }) },
  /** Hashes and offers one of them, where it is; `progress` tells the bytes read. */
  adoptModel: { params: v.object({ id: v.pipe(v.string(), v.maxLength(64)) }), result: ModelOfferSchema },
  /** Asks the server what it has, and keeps address and key in the companion. */
  endpointConnect: { params: EndpointParamsSchema, result: EndpointOfferSchema },
  endpointForget: { params: EmptySchema, result: EmptySchema },
  /** Kept by the companion in place of the one before. */
  gatedTokenSet: { params: v.object({ token: GatedTokenSchema }), result: GatedOfferSchema },
  gatedTokenForget: { params: EmptySchema, result: EmptySchema },
  /** A path under which this socket's page gets gated files, as long as the socket lives; the address's own path follows. */
  gatedTicket: { params: EmptySchema, result: v.object({ path: v.string() }) },
} as const;

export type MethodName = keyof typeof METHODS;
export type MethodParams<M extends MethodName> = v.InferOutput<(typeof METHODS)[M]['params']>;
export type MethodResult<M extends MethodName> = v.InferOutput<(typeof METHODS)[M]['result']>;

/** Page → companion. `params` of a request is checked against its method afterwards. */
export const UpMessageSchema = v.variant('type', [
  v.object({
    type: v.literal('authenticate'),
    version: v.number(),
    sessionId: v.pipe(v.string(), v.maxLength(64)),
    signature: Base64UrlSchema,
  }),
  v.object({ type: v.literal('ping'), sentAtMs: v.number() }),
  v.object({
    type: v.literal('request'),
    id: RequestIdSchema,
    method: v.picklist(Object.keys(METHODS) as MethodName[]),
    params: v.unknown(),
  }),
]);
export type UpMessage = v.InferOutput<typeof UpMessageSchema>;

export const ReadySchema = v.object({
  type: v.literal('ready'),
  version: v.number(),
  companionVersion: v.string(),
  home: v.string(),
  daemon: DaemonInfoSchema,
  /** At least one; the first is where personas are born. */
  rooms: v.pipe(v.array(RoomInfoSchema), v.minLength(1)),
  /** What the companion lane can load; the first is the default for every lane. */
  models: v.array(ModelOfferSchema),
  /** What the companion lane can put on a model of their architecture. */
  adapters: v.pipe(v.array(AdapterOfferSchema), v.maxLength(MAX_ADAPTER_OFFERS)),
  /** Besides those that come with the product. */
  approvedHosts: v.array(HostSchema),
  /** `--lane`, when the person gave it. */
  forcedLane: v.optional(v.picklist(['gguf', 'companion'])),
  /** As it was found last; its key stays in the companion. */
  endpoint: v.optional(EndpointOfferSchema),
  /** Absent while no token for gated models is kept. */
  gatedToken: v.optional(GatedOfferSchema),
  companionLane: v.object({ available: v.boolean(), reason: v.string() }),
  /** Where the companion lane would run. */
  machine: v.object({
    memoryBytes: PositiveSchema,
    cores: PositiveSchema,
    /** Where llama.cpp calculates on a GPU: what is learned of one device is nothing for the other. */
    llamaGpu: v.optional(GpuBuildSchema),
  }),
});
export type Ready = v.InferOutput<typeof ReadySchema>;

/** Companion → page. */
export const DownMessageSchema = v.variant('type', [
  v.object({ type: v.literal('challenge'), version: v.number(), nonce: Base64UrlSchema }),
  ReadySchema,
  v.object({ type: v.literal('refused'), error: WireErrorSchema }),
  v.object({ type: v.literal('pong'), sentAtMs: v.number() }),
  v.object({
    type: v.literal('response'),
    id: RequestIdSchema,
    result: v.optional(v.unknown()),
    error: v.optional(WireErrorSchema),
  }),
  v.object({ type: v.literal('event'), subscription: v.string(), event: BridgeEventSchema }),
  v.object({ type: v.literal('attachEnded'), subscription: v.string(), error: v.optional(WireErrorSchema) }),
  v.object({ type: v.literal('daemonState'), daemon: DaemonInfoSchema }),
  v.object({ type: v.literal('laneChunk'), requestId: RequestIdSchema, chunk: GenerateChunkSchema }),
  /** How far a request is that takes long. */
  v.object({ type: v.literal('progress'), requestId: RequestIdSchema, done: v.number(), total: v.number() }),
  /** The lease on `peerId` is gone (released, or the companion shut down). */
  v.object({ type: v.literal('leaseLost'), peerId: UuidSchema, error: WireErrorSchema }),
]);
export type DownMessage = v.InferOutput<typeof DownMessageSchema>;

/** `POST /api/pair`: answered 200 with PairResult, or 4xx with a WireError. */
export const PairRequestSchema = v.object({
  version: v.number(),
  code: v.pipe(v.string(), v.maxLength(64)),
  publicKey: Base64UrlSchema,
  /** As the status command lists it: "Chrome 156 on Linux". */
  label: v.pipe(v.string(), v.maxLength(128)),
});
export const PairResultSchema = v.object({ sessionId: v.string() });

/** Paths the guard routes besides the static manifest. */
export const PATHS = {
  socket: '/bridge',
  pair: '/api/pair',
  models: '/models/',
  uploads: '/uploads/',
  adapters: '/adapters/',
  gated: '/gated/',
} as const;
