/** Owns knowing that she is at home here, and that the log holds everything her other home said before. */
import type { Lease } from '../citizen/lease.ts';
import type { Conversation } from './conversation.ts';

export class Tenure {
  readonly #lease: Lease;
  readonly #conversation: Conversation;
  #fence: number | undefined;

  constructor(lease: Lease, conversation: Conversation) {
    this.#lease = lease;
    this.#conversation = conversation;
  }

  /**
   * Waits for the lease and returns its fence. Under a new one the room is read again first: the companion grants a
   * claim only after everything of the former holder has reached the daemon, so from then on nothing is missing.
   */
  async confirm(signal: AbortSignal): Promise<number> {
    for (;;) {
      const { fence } = await this.#lease.whenHeld(signal);
      if (fence === this.#fence) return fence;
      await this.#conversation.refresh(signal);
      this.#fence = fence;
    }
  }
}
