/** Owns the interface to this browser's pairing: the session id and the key that signs every socket's nonce. */

/** The private half stays inside; in the product it is not extractable. */
export interface SessionKey {
  readonly sessionId: string;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** Where the pairing is kept. */
export interface SessionKeyStore {
  /** Undefined while the browser is not paired. Rejects with `StorageFailed`. */
  load(): Promise<SessionKey | undefined>;
  /**
   * Makes a fresh key pair, has `register` make it known to the companion (raw public key in, session id out), and
   * keeps both. Nothing is kept when `register` rejects.
   */
  create(register: (publicKey: Uint8Array) => Promise<string>): Promise<SessionKey>;
}
