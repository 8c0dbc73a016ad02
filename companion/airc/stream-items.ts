/** Owns taking the events out of a stream. */
import type { StreamItem } from '../../shared/airc/daemon-client.ts';
import type { AircEvent } from '../../shared/airc/model.ts';

/** Without the sums of what was skipped. */
export async function* eventsOf(items: AsyncIterable<StreamItem>): AsyncGenerator<AircEvent> {
  for await (const item of items) if (item.kind === 'event') yield item.event;
}
