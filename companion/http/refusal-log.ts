/** Owns telling about refused requests without letting whoever sends them fill the log. */
import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import { TokenBucket } from './token-bucket.ts';

const BURST = 20;
const REFILL_PER_MS = 1 / 1000;

/** Takes status and reason only: a target or header of a stranger is no business of the log's. */
export type RefusalLog = (status: number, reason: string) => void;

export function createRefusalLog(clock: Clock, log: Logger): RefusalLog {
  const bucket = new TokenBucket(clock, BURST, REFILL_PER_MS);
  let untold = 0;
  return (status, reason) => {
    if (!bucket.take()) {
      untold += 1;
      return;
    }
    log.log('warn', 'http.refused', { status, reason, ...(untold === 0 ? {} : { untold }) });
    untold = 0;
  };
}
