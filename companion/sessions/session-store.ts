/** Owns the paired browsers: who may open a socket, kept over restarts, revocable. */
import { toBase64Url } from '../../shared/base64url.ts';
import type { Clock } from '../../shared/clock.ts';
import { toAppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { uuidV4, type RandomSource } from '../../shared/random.ts';
import { MAX_SESSIONS, readSessionFile, writeSessionFile, type Session } from './session-file.ts';

export interface SessionStoreDeps {
  /** Absolute path; its folder exists and is the person's alone. */
  readonly file: string;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

/** Opens the store; see {@link readSessionFile} for its errors. */
export async function openSessionStore(deps: SessionStoreDeps): Promise<SessionStore> {
  return new SessionStore(deps, await readSessionFile(deps.file));
}

export class SessionStore {
  readonly #deps: SessionStoreDeps;
  readonly #sessions: Map<string, Session>;
  readonly #revoked = new Set<(sessionId: string) => void>();
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(deps: SessionStoreDeps, stored: readonly Session[]) {
    this.#deps = deps;
    this.#sessions = new Map(stored.map((session) => [session.id, session]));
  }

  /** Newest pairing last. */
  list(): readonly Session[] {
    return [...this.#sessions.values()];
  }

  find(sessionId: string): Session | undefined {
    return this.#sessions.get(sessionId);
  }

  /**
   * Registers a browser's public key (raw, 32 bytes) and resolves once it is on disk; the same key keeps its session.
   * Above the bound the one seen longest ago gives way. Rejects with `HomeUnusable`, and then nothing was registered.
   */
  async add(publicKey: Uint8Array, label: string): Promise<Session> {
    const { clock, random } = this.#deps;
    const key = toBase64Url(publicKey);
    const known = this.list().find((session) => session.publicKey === key);
    if (known !== undefined) return known;
    while (this.#sessions.size >= MAX_SESSIONS) await this.revoke(this.#seenLongestAgo());
    const nowMs = clock.nowMs();
    const session: Session = {
      id: uuidV4(random),
      publicKey: key,
      label: printable(label),
      createdAtMs: nowMs,
      lastSeenAtMs: nowMs,
    };
    this.#sessions.set(session.id, session);
    try {
      await this.#save();
    } catch (error) {
      this.#sessions.delete(session.id);
      throw error;
    }
    return session;
  }

  /** Notes that the session opened a socket. A disk that refuses is logged: the session works all the same. */
  seen(sessionId: string): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return;
    this.#sessions.set(sessionId, { ...session, lastSeenAtMs: this.#deps.clock.nowMs() });
    this.#save().catch((error: unknown) => {
      this.#deps.log.log('warn', 'session.write-failed', { code: toAppError(error).code });
    });
  }

  /** Ends a session and its sockets. False for one that is not there. Rejects with `HomeUnusable`. */
  async revoke(sessionId: string): Promise<boolean> {
    if (!this.#sessions.delete(sessionId)) return false;
    for (const listener of this.#revoked) listener(sessionId);
    this.#deps.log.log('info', 'session.revoked', { sessionId });
    await this.#save();
    return true;
  }

  /** Calls `listener` at every revocation; the returned function ends that. */
  onRevoked(listener: (sessionId: string) => void): () => void {
    this.#revoked.add(listener);
    return () => this.#revoked.delete(listener);
  }

  /** Resolves when nothing is left to write. */
  async settled(): Promise<void> {
    await this.#lastWrite.catch(() => undefined /* whoever asked for the write was told */);
  }

  /** One write at a time, in order, each with what holds when it starts. */
  #save(): Promise<void> {
    const write = (): Promise<void> => writeSessionFile(this.#deps.file, this.list(), this.#deps.random);
    this.#lastWrite = this.#lastWrite.then(write, write);
    return this.#lastWrite;
  }

  #seenLongestAgo(): string {
    return this.list().reduce((oldest, one) => (one.lastSeenAtMs < oldest.lastSeenAtMs ? one : oldest)).id;
  }
}

/** A label is shown in a terminal: control and format characters could rewrite what stands there. */
function printable(label: string): string {
  return label.replaceAll(/\p{C}/gu, '').trim().slice(0, 128);
}
