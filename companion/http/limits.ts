/** Owns the numbers of the HTTP side; Node's own deadlines are minutes long, and none covers an upgraded socket. */

export interface HttpLimits {
  /** From the connection, or the first byte of a later request, to the end of its headers. */
  readonly headersWithinMs: number;
  /** How often that is checked. */
  readonly checkEveryMs: number;
  /** A pairing request's body, from its headers to its end. */
  readonly smallBodyWithinMs: number;
  /** An upload brings at least `uploadProgressBytes` in each of these. */
  readonly uploadProgressMs: number;
  readonly uploadProgressBytes: number;
  /** Connection without traffic, for example a reader that takes nothing. */
  readonly idleMs: number;
  /** How long a refused or closing connection may still take. */
  readonly lingerMs: number;
  /** Connections that are no authenticated socket; the oldest idle one gives way, else the slowest. */
  readonly maxConnections: number;
}

export const HTTP_LIMITS: HttpLimits = {
  headersWithinMs: 5_000,
  checkEveryMs: 1_000,
  smallBodyWithinMs: 5_000,
  uploadProgressMs: 10_000,
  uploadProgressBytes: 64 * 1024,
  idleMs: 120_000,
  lingerMs: 2_000,
  maxConnections: 256,
};

export const MAX_HEADER_BYTES = 16 * 1024;
export const MAX_PAIR_BODY_BYTES = 4 * 1024;
/** Far above any model a laptop runs; the ticket names the exact size. */
export const MAX_UPLOAD_BYTES = 256 * 1024 ** 3;
/** Before it is authenticated, a socket has nothing longer to say. */
export const MAX_AUTHENTICATE_BYTES = 4 * 1024;
