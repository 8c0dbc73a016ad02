/** Owns what a refused publish means: never sent, perhaps sent, or refused for good. */
import type { AppError } from '../../../shared/errors.ts';

/**
 * `not-sent`: nothing reached the daemon, try again. `perhaps-sent`: look it up in the room before anything else.
 * `refused`: it will be refused again; the person decides.
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
    case 'ProtocolViolation':
    case 'ClaimInvalid':
      return 'refused';
    // The daemon's own refusal is no proof either: when its write queue is full it says no to what all live readers saw.
    default:
      return 'perhaps-sent';
  }
}
