/** Owns which models somebody still wants in memory: several browsers may think with one, and each gives it back alone. */
export class ModelHolds {
  readonly #counts = new Map<string, number>();
  readonly #onGivenBack: () => void;

  /** `onGivenBack` is called when the last one who held a model lets go of it. */
  constructor(onGivenBack: () => void) {
    this.#onGivenBack = onGivenBack;
  }

  /** The returned function lets go, once. */
  hold(modelId: string): () => void {
    this.#counts.set(modelId, (this.#counts.get(modelId) ?? 0) + 1);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const left = (this.#counts.get(modelId) ?? 1) - 1;
      this.#counts.set(modelId, left);
      if (left === 0) this.#onGivenBack();
    };
  }

  /** It was held, and nobody does any more. */
  isGivenBack(modelId: string): boolean {
    return this.#counts.get(modelId) === 0;
  }

  /** It is out of memory. */
  forget(modelId: string): void {
    if (this.isGivenBack(modelId)) this.#counts.delete(modelId);
  }
}
