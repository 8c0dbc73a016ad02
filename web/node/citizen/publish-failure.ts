/** Owns what a failed publish means: never sent, perhaps sent, or refused. */
import type { AppError } from '../../../shared/errors.ts';

/**
 * `not-sent`: nothing reached the daemon, try again. `perhaps-sent`: look it up in the room before the next try.
 * `refused`: it would be refused again; unless it is in the room all the same, the person decides.
 */
export type PublishFailure = 'not-sent' | 'perhaps-sent' | 'refused';

export function classifyPublishFailure(error: AppError): PublishFailure {
  switch (error.code) {
    case 'NotClaimed':
    case 'OwnerElsewhere':
    case 'RateLimited':
    case 'DaemonUnreachable':
      return 'not-sent';
    case 'MessageTooLarge':
    case 'FrameTooLarge':
    case 'ClaimInvalid':
    // A refusal, or an answer of the companion that could not be read.
    case 'ProtocolViolation':
    // No proof either: when its write queue is full, the daemon says no to what all live readers have seen.
    case 'DaemonRefused':
      return 'refused';
    default:
      return 'perhaps-sent';
  }
}
