/** Owns what the commands say to a running companion: one line of JSON each way, over its private socket. */
import * as v from 'valibot';
import { DaemonInfoSchema, RoomInfoSchema, WireErrorSchema } from '../../shared/bridge/messages.ts';
import { LANE_IDS } from '../../shared/inference/lane.ts';

export const ControlRequestSchema = v.object({ command: v.picklist(['status', 'pair']) });
export type ControlCommand = v.InferOutput<typeof ControlRequestSchema>['command'];

/** What `persona-node status --json` prints; scripts rely on it, so fields are only added. */
export const StatusSchema = v.object({
  version: v.string(),
  pid: v.number(),
  startedAtMs: v.number(),
  /** `http://127.0.0.1:PORT`. */
  origin: v.string(),
  home: v.string(),
  daemon: DaemonInfoSchema,
  rooms: v.array(RoomInfoSchema),
  /** The paired browsers. */
  sessions: v.array(
    v.object({
      id: v.string(),
      label: v.string(),
      createdAtMs: v.number(),
      lastSeenAtMs: v.number(),
      /** Sockets that are open now. */
      connections: v.number(),
      /** The peer ids these sockets speak as. */
      peers: v.array(v.string()),
    }),
  ),
  models: v.array(
    v.object({ id: v.string(), name: v.string(), sizeBytes: v.number(), starter: v.boolean() }),
  ),
  /** The LoRA adapters given with `--adapter`. */
  adapters: v.optional(
    v.array(v.object({ id: v.string(), name: v.string(), sizeBytes: v.number() })),
    // A companion of an older version has none.
    [],
  ),
  companionLane: v.object({ available: v.boolean(), reason: v.string() }),
  forcedLane: v.optional(v.picklist(LANE_IDS)),
});
export type Status = v.InferOutput<typeof StatusSchema>;

export const PairSchema = v.object({ link: v.string(), expiresAtMs: v.number() });
export type Pair = v.InferOutput<typeof PairSchema>;

export const ControlAnswerSchema = v.variant('ok', [
  v.object({ ok: v.literal(true), result: v.unknown() }),
  v.object({ ok: v.literal(false), error: WireErrorSchema }),
]);

export const MAX_CONTROL_REQUEST_BYTES = 4 * 1024;
export const MAX_CONTROL_ANSWER_BYTES = 1024 * 1024;
export const CONTROL_WITHIN_MS = 5_000;
