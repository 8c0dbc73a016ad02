/** Owns taking apart what was put together, in reverse order, whatever fails on the way. */
import { toAppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';

export class Teardown {
  readonly #steps: { readonly name: string; readonly run: () => Promise<void> | void }[] = [];
  readonly #log: Logger;
  #running: Promise<void> | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  add(name: string, run: () => Promise<void> | void): void {
    this.#steps.push({ name, run });
  }

  /** Runs every step once; a step that fails is logged. */
  run(): Promise<void> {
    return (this.#running ??= this.#runAll());
  }

  async #runAll(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.run();
      } catch (error) {
        const { code, message } = toAppError(error);
        this.#log.log('error', 'shutdown.step-failed', { step: step.name, code, message });
      }
    }
  }
}
