/** Owns the numbered snapshot and its patches: changes are gathered for a moment and sent as one patch. */
import type { Clock } from '../../../shared/clock.ts';
import type { NodePatch, NodeView } from '../view.ts';

export type ViewUpdate =
  | { readonly kind: 'snapshot'; readonly view: NodeView }
  | { readonly kind: 'patch'; readonly patch: NodePatch };

export type ViewChange = Partial<Omit<NodeView, 'seq'>>;

/** About one frame of a screen: tokens that come faster are drawn together. */
const GATHER_MS = 16;

export class ViewPublisher {
  readonly #clock: Clock;
  readonly #listeners = new Set<(update: ViewUpdate) => void>();
  #view: NodeView;
  #pending: ViewChange | undefined;

  constructor(first: Omit<NodeView, 'seq'>, clock: Clock) {
    this.#view = { ...first, seq: 0 };
    this.#clock = clock;
  }

  /** With everything that `change` was told, sent or not. */
  get view(): NodeView {
    return { ...this.#view, ...this.#pending };
  }

  change(fields: ViewChange): void {
    const isFirst = this.#pending === undefined;
    this.#pending = { ...this.#pending, ...fields };
    if (isFirst) {
      this.#clock.after(GATHER_MS, () => {
        this.flush();
      });
    }
  }

  /** Sends what is gathered now: before the node goes. */
  flush(): void {
    if (!this.#pending) return;
    const patch: NodePatch = { ...this.#pending, seq: this.#view.seq + 1 };
    this.#view = { ...this.#view, ...patch };
    this.#pending = undefined;
    for (const listener of this.#listeners) listener({ kind: 'patch', patch });
  }

  /** Gets a snapshot at once, then every patch. Returns the disposer. */
  listen(listener: (update: ViewUpdate) => void): () => void {
    this.flush();
    this.#listeners.add(listener);
    listener({ kind: 'snapshot', view: this.#view });
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
