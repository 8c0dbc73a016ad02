/** Owns the banner with the recovery code: readable here until the person confirms that it is saved, then erased. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { Trouble } from '../../node/view.ts';
import { baseCss } from '../look/base-css.ts';
import type { NodeStore } from '../store/node-store.ts';
import { troubleCard, troubleCss } from '../troubles/trouble-card.ts';

export class RecoveryCode extends LitElement {
  static override properties = { code: { attribute: false }, node: { attribute: false } };
  static override styles = [
    baseCss,
    troubleCss,
    css`
      :host {
        display: grid;
        gap: 0.5rem;
        padding: 0.625rem 0.75rem;
        border: 1px solid color-mix(in oklab, var(--busy), transparent 60%);
        border-radius: 0.5rem;
        background: var(--warm-ground);
        font-size: 0.875rem;
        line-height: 1.4;
      }

      .code {
        font-family: var(--mono);
        font-weight: 600;
        overflow-wrap: anywhere;
        user-select: all;
      }

      .choices {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
      }
    `,
  ];

  declare code: string;
  declare node: NodeStore;
  #isAsking = false;
  #isCopied = false;
  #refused: Trouble | undefined;

  override render(): TemplateResult {
    return html`
      <p>
        <strong>Save your recovery code.</strong> Whoever can use this browser can read it here until you
        confirm that you saved it. Without it no backup can be opened.
      </p>
      <p class="code" role="group" aria-label="Recovery code">${this.code}</p>
      ${this.#isAsking ? this.#question() : this.#choices()}
      <div role="status">${this.#isCopied ? html`<p>Copied.</p>` : nothing}</div>
      ${this.#refused ? troubleCard(this.#refused) : nothing}
    `;
  }

  #choices(): TemplateResult {
    return html`<div class="choices">
      <button @click=${this.#copy}>Copy code</button>
      <button @click=${this.#ask(true)}>I have saved it</button>
    </div>`;
  }

  #question(): TemplateResult {
    return html`
      <p>It is erased from this browser and cannot be shown again.</p>
      <div class="choices">
        <button class="primary" @click=${this.#confirm}>Yes, erase it here</button>
        <button @click=${this.#ask(false)}>Not yet</button>
      </div>
    `;
  }

  #ask(isAsking: boolean): () => void {
    return () => {
      this.#isAsking = isAsking;
      this.#isCopied = false;
      this.requestUpdate();
      // The button that was pressed is gone: the next one stands in its place.
      void this.updateComplete.then(() => {
        this.renderRoot.querySelector<HTMLElement>('.choices button')?.focus();
      });
    };
  }

  readonly #copy = (): void => {
    navigator.clipboard.writeText(this.code).then(
      () => {
        this.#isCopied = true;
        this.requestUpdate();
      },
      () => {
        // Not allowed here: the code is selected, so that the person's own copy takes it.
        const code = this.renderRoot.querySelector('.code');
        if (code) getSelection()?.selectAllChildren(code);
      },
    );
  };

  readonly #confirm = (): void => {
    void this.#erase();
  };

  async #erase(): Promise<void> {
    const result = await this.node.commands.confirmRecoveryCodeSaved();
    this.#refused = result.ok ? undefined : result.trouble;
    this.#isAsking = false;
    this.requestUpdate();
  }
}

customElements.define('pn-recovery-code', RecoveryCode);
