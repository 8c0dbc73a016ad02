/** Owns the one-time codes that let a browser register its key. Only hashes of codes are kept, and nothing on disk. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { toBase64Url } from '../../shared/base64url.ts';
import { PAIRING_CODE_LIVES_MS, PAIRING_TRIES } from '../../shared/bridge/limits.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { RandomSource } from '../../shared/random.ts';

/** 160 bits: beyond guessing, and 27 characters in the link. */
const CODE_BYTES = 20;
const MAX_LIVE_CODES = 4;
/** Spent codes are remembered so that an old link is told apart from a guess. */
const MAX_SPENT_CODES = 64;

export interface PairingDeps {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

/** What `persona-node pair` shows. `link` and `code` are secrets until used: never logged. */
export interface PairingOffer {
  readonly code: string;
  readonly link: string;
  readonly expiresAtMs: number;
}

interface LiveCode {
  readonly hash: Buffer;
  readonly expiresAtMs: number;
}

export class Pairing {
  readonly #deps: PairingDeps;
  #live: LiveCode[] = [];
  #spent: Buffer[] = [];
  #triesLeft = PAIRING_TRIES;
  #locked = false;

  constructor(deps: PairingDeps) {
    this.#deps = deps;
  }

  /** A fresh link to `origin`; lifts a lock, since only the person at the machine can ask for it. */
  issue(origin: string): PairingOffer {
    const { clock, random, log } = this.#deps;
    const code = toBase64Url(random.bytes(CODE_BYTES));
    const expiresAtMs = clock.nowMs() + PAIRING_CODE_LIVES_MS;
    this.#live.push({ hash: hashOf(code), expiresAtMs });
    while (this.#live.length > MAX_LIVE_CODES) this.#spend(this.#live[0]);
    this.#triesLeft = PAIRING_TRIES;
    this.#locked = false;
    log.log('info', 'pairing.issued', { expiresAtMs });
    // The fragment is sent to no server and in no Referer.
    return { code, link: `${origin}/#pair=${code}`, expiresAtMs };
  }

  /**
   * Uses up `code`; the returned function gives it back, for a pairing that came to nothing. Synchronous from look-up to removal, so that of two pages at once exactly one wins. Throws
   * `PairingCodeWrong`, `PairingCodeExpired` (used, replaced or too old) or `PairingLocked`.
   */
  redeem(code: string): () => void {
    const hash = hashOf(code);
    this.#dropExpired();
    const match = find(this.#live, hash, (live) => live.hash);
    const wasSpent = find(this.#spent, hash, (spent) => spent) !== undefined;
    if (match !== undefined) {
      this.#spend(match);
      return () => {
        this.#spent = this.#spent.filter((spent) => spent !== match.hash);
        this.#live.push(match);
      };
    }
    // Whoever knows a spent code was once given it: not a guess.
    if (wasSpent) throw this.#refused('PairingCodeExpired', 'This link was already used or is too old.');
    if (this.#locked) throw this.#refused('PairingLocked', 'Pairing is locked after too many wrong codes.');
    this.#triesLeft -= 1;
    if (this.#triesLeft > 0) throw this.#refused('PairingCodeWrong', 'This pairing code is not known.');
    this.#locked = true;
    while (this.#live.length > 0) this.#spend(this.#live[0]);
    throw this.#refused('PairingLocked', 'Pairing is locked after too many wrong codes.');
  }

  #dropExpired(): void {
    const nowMs = this.#deps.clock.nowMs();
    for (const live of this.#live.filter((one) => one.expiresAtMs <= nowMs)) this.#spend(live);
  }

  #spend(live: LiveCode | undefined): void {
    if (live === undefined) return;
    this.#live = this.#live.filter((other) => other !== live);
    this.#spent = [live.hash, ...this.#spent].slice(0, MAX_SPENT_CODES);
  }

  #refused(code: 'PairingCodeWrong' | 'PairingCodeExpired' | 'PairingLocked', message: string): AppError {
    this.#deps.log.log('warn', 'pairing.refused', { code, triesLeft: this.#triesLeft });
    return new AppError(code, message);
  }
}

function hashOf(code: string): Buffer {
  return createHash('sha256').update(code).digest();
}

/** Looks at every entry, in the same time whichever one matches. */
function find<T>(entries: readonly T[], hash: Buffer, hashIn: (entry: T) => Buffer): T | undefined {
  let found: T | undefined;
  for (const entry of entries) {
    if (timingSafeEqual(hashIn(entry), hash)) found = entry;
  }
  return found;
}
