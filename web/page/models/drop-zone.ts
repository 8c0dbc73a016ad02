/** Owns the drop of a file, or of all parts of one, anywhere on the page, and what is seen while it hovers. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { baseCss } from '../look/base-css.ts';

export class DropZone extends LitElement {
  static override properties = { open: { attribute: false } };
  static override styles = [
    baseCss,
    css`
      .over {
        position: fixed;
        inset: 0;
        z-index: 10;
        display: grid;
        place-items: center;
        padding: 2rem;
        background: color-mix(in oklab, var(--ground), transparent 15%);
        pointer-events: none;
      }

      p {
        padding: 2rem 3rem;
        border: 2px dashed var(--accent);
        border-radius: var(--radius);
        background: var(--surface);
        font-size: 1.125rem;
        font-weight: 600;
        text-align: center;
      }
    `,
  ];

  declare open: (files: readonly File[]) => void;
  #isOver = false;
  #watching: AbortController | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#watching = new AbortController();
    const { signal } = this.#watching;
    window.addEventListener('dragover', this.#onOver, { signal });
    window.addEventListener('dragleave', this.#onLeave, { signal });
    window.addEventListener('drop', this.#onDrop, { signal });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#watching?.abort();
  }

  override render(): TemplateResult | typeof nothing {
    return this.#isOver
      ? html`<div class="over" aria-hidden="true">
          <p>Drop a GGUF file: every persona here moves to it.</p>
        </div>`
      : nothing;
  }

  readonly #onOver = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes('Files') || isFileField(event)) {
      this.#show(false);
      return;
    }
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
    this.#show(true);
  };

  readonly #onLeave = (event: DragEvent): void => {
    // Between two elements of the page there is always a next one.
    if (event.relatedTarget === null) this.#show(false);
  };

  readonly #onDrop = (event: DragEvent): void => {
    this.#show(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0 || isFileField(event)) return;
    // The browser would leave the page for the file.
    event.preventDefault();
    const models = files.filter(({ name }) => name.toLowerCase().endsWith('.gguf'));
    this.open(models.length > 0 ? models : files.slice(0, 1));
  };

  #show(isOver: boolean): void {
    if (isOver === this.#isOver) return;
    this.#isOver = isOver;
    this.requestUpdate();
  }
}

/** A field for files takes its own drops. */
function isFileField(event: DragEvent): boolean {
  const [target] = event.composedPath();
  return target instanceof HTMLInputElement && target.type === 'file';
}

customElements.define('pn-drop-zone', DropZone);
