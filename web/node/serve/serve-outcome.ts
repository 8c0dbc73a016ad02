/** Owns what a service loop reports: live while it runs, final when it ended. */
import { LatencyAggregate } from './latency-aggregate.ts';

export interface ServeOutcome {
  /** She decided to speak and the text is in the room. */
  turnsReplied: number;
  /** Silence: hers, the guard's, or a rule's. */
  turnsSkipped: number;
  /** Nothing was said because something failed; each is a trouble with a cause. */
  turnsErrored: number;
  /** Of replied turns: from the frame's opening to its being in the room. */
  readonly turnLatency: LatencyAggregate;
}

export function createServeOutcome(): ServeOutcome {
  return { turnsReplied: 0, turnsSkipped: 0, turnsErrored: 0, turnLatency: new LatencyAggregate() };
}
