/** Owns the numbers of the page ↔ companion protocol; both sides and the tests read them here. */

export const BRIDGE_VERSION = 1;

/** One socket message, either way (`ws` maxPayload). */
export const MAX_MESSAGE_BYTES = 256 * 1024;
/** A socket that has not authenticated by then is closed. */
export const AUTHENTICATE_WITHIN_MS = 3_000;
export const MAX_PENDING_SOCKETS = 64;
export const MAX_SOCKETS_PER_SESSION = 4;
/** Application heartbeats: an open but dead socket gives no event in the browser, so silence is the only sign. */
export const HEARTBEAT_EVERY_MS = 2_500;
export const LINK_DEAD_AFTER_MS = 5_000;
/** A lease ends with its socket, or after this silence of it. */
export const LEASE_SILENCE_MS = 10_000;
/** Token bucket per socket. */
export const RATE_BURST_MESSAGES = 200;
export const RATE_REFILL_PER_MS = 200 / 10_000;
/** A reader that drains slower than this much is disconnected. */
export const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;
export const MAX_INBOX_LIMIT = 200;
export const MAX_TEXT_CHARS = 32_000;
export const MAX_SUBSCRIPTIONS_PER_SOCKET = 32;
export const PAIRING_CODE_LIVES_MS = 10 * 60_000;
export const PAIRING_TRIES = 5;

/** WebSocket close codes of this protocol. */
export const CLOSE = {
  unauthorised: 4001,
  protocol: 4002,
  rate: 4003,
  superseded: 4004,
  tooSlow: 4008,
  shutdown: 4009,
} as const;
