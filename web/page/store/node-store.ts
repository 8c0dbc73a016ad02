/** Owns the page's copy of the node's view, its commands, and the failures that only this page knows of. */
import { proxy } from 'comlink';
import type { Clock } from '../../../shared/clock.ts';
import type { CommandResult, NodeCommands, NodeView, NodeWorkerApi, Trouble } from '../../node/view.ts';
import { applyUpdate, type NodeUpdate } from './apply-update.ts';
import { settledCommands, troubleFrom } from './settled-commands.ts';

/** What is shown until the worker has said its first word. */
const STARTING: NodeView = {
  seq: 0,
  tab: 'starting',
  connection: { state: 'connecting', attempt: 0 },
  rooms: [],
  people: [],
  lane: { chosenBecause: '' },
  models: { stored: [], downloads: [] },
  backup: { identities: 0 },
  troubles: [],
};
const KEPT_TROUBLES = 20;

export class NodeStore {
  /** They never reject. */
  readonly commands: NodeCommands;
  readonly clock: Clock;
  readonly #node: NodeWorkerApi;
  readonly #listeners = new Set<() => void>();
  readonly #dismissed = new Set<string>();
  #view: NodeView | undefined;
  #own: readonly Trouble[] = [];
  /** Counts what was asked for; updates of an earlier listening are of no interest. */
  #listening = 0;

  constructor(node: NodeWorkerApi, clock: Clock) {
    this.#node = node;
    this.clock = clock;
    this.commands = settledCommands(node, clock);
  }

  get view(): NodeView {
    return this.#view ?? STARTING;
  }

  /** The node's and the page's own, oldest first, without what the person has put away. */
  get troubles(): readonly Trouble[] {
    return [...this.view.troubles, ...this.#own]
      .filter((trouble) => !this.#dismissed.has(keyOf(trouble)))
      .toSorted((one, other) => one.atMs - other.atMs);
  }

  /** Calls `listener` after every change. Returns the disposer. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Follows the node from its snapshot on; asks for a new one where a patch was missed. */
  listen(): void {
    this.#listening += 1;
    const mine = this.#listening;
    this.#node
      // A function crosses to the worker as a proxy only.
      .listen(
        proxy((update: NodeUpdate) => {
          if (mine === this.#listening) this.#apply(update);
        }),
      )
      .catch((thrown: unknown) => {
        this.addTrouble(troubleFrom(thrown, this.clock));
      });
  }

  addTrouble(trouble: Trouble): void {
    this.#own = [...this.#own, trouble].slice(-KEPT_TROUBLES);
    this.#tell();
  }

  /** For a command whose refusal has no place of its own on the page. */
  async report(command: Promise<CommandResult>): Promise<void> {
    const result = await command;
    if (!result.ok) this.addTrouble(result.trouble);
  }

  dismiss(trouble: Trouble): void {
    this.#dismissed.add(keyOf(trouble));
    this.#own = this.#own.filter((own) => own !== trouble);
    this.#tell();
  }

  #apply(update: NodeUpdate): void {
    const applied = applyUpdate(this.#view, update);
    switch (applied.kind) {
      case 'stale':
        return;
      case 'gap':
        this.listen();
        return;
      case 'changed':
        this.#view = applied.view;
        this.#tell();
        return;
    }
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function keyOf(trouble: Trouble): string {
  return JSON.stringify([trouble.code, trouble.message, trouble.atMs]);
}
