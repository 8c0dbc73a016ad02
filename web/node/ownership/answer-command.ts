/** Owns the owner tab's answer to a viewer's command: signs of life while it runs, then its result. */
import type { Clock } from '../../../shared/clock.ts';
import { toAppError } from '../../../shared/errors.ts';
import { troubleOf } from '../view/trouble.ts';
import type { ForwardedCommand, ForwardedResult, TabChannel, TabMessage } from './tab-channel.ts';

/** A third of what a viewer waits for: loading a model takes longer than any answer could be awaited in silence. */
export const AT_WORK_EVERY_MS = 5_000;

/** Never rejects: what the command fails with is its result. */
export async function answerCommand(
  { from, id, name, args }: Extract<TabMessage, { readonly kind: 'command' }>,
  deps: {
    readonly channel: TabChannel;
    readonly clock: Clock;
    execute(name: ForwardedCommand, args: readonly unknown[]): Promise<ForwardedResult>;
  },
): Promise<void> {
  const { channel, clock } = deps;
  let cancel: () => void = () => undefined;
  const tellSoon = (): void => {
    cancel = clock.after(AT_WORK_EVERY_MS, () => {
      channel.post({ kind: 'at-work', to: from, id });
      tellSoon();
    });
  };
  tellSoon();
  const result = await deps.execute(name, args).catch((error: unknown): ForwardedResult => {
    return { ok: false, trouble: troubleOf(toAppError(error), clock) };
  });
  cancel();
  channel.post({ kind: 'result', to: from, id, result });
}
