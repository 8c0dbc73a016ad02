/**
 * Owns the two transport interfaces of the bridge, so that relay and bridge client run over a WebSocket in the product
 * and over a seeded network in the simulation.
 */

/** One open, ordered, message-framed connection. Either side may close it; nothing is delivered after `onClose`. */
export interface Link {
  send(text: string): void;
  /** Bytes accepted by `send` and not yet on the wire. */
  readonly bufferedBytes: number;
  close(code: number, reason: string): void;
  /** Set once, before the first message can arrive. */
  onMessage: (text: string) => void;
  onClose: (code: number, reason: string) => void;
}

/** How the node worker reaches the companion. Rejects with `BridgeDown`. */
export interface LinkDialer {
  dial(signal: AbortSignal): Promise<Link>;
  /** Part of the session proof. */
  readonly origin: string;
}
