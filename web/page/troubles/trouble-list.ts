/** Owns the region of what went wrong: the newest in sight, the earlier ones behind it. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Trouble } from '../../node/view.ts';
import { baseCss } from '../look/base-css.ts';
import { troubleCard, troubleCss } from './trouble-card.ts';

export class TroubleList extends LitElement {
  static override properties = { troubles: { attribute: false }, dismiss: { attribute: false } };
  static override styles = [
    baseCss,
    troubleCss,
    css`
      section {
        display: grid;
        gap: 0.5rem;
        max-height: 40vh;
        overflow-y: auto;
      }

      section.some {
        padding: var(--gap) var(--gap) 0;
      }

      details > .trouble {
        margin-top: 0.5rem;
      }
    `,
  ];

  /** Oldest first. */
  declare troubles: readonly Trouble[];
  declare dismiss: (trouble: Trouble) => void;

  override render(): TemplateResult {
    const [newest, ...earlier] = this.troubles.toReversed();
    // The live region stands there before the first trouble: only then is that one read out.
    return html`
      <section aria-label="Troubles" class=${newest ? 'some' : ''} tabindex=${newest ? '0' : '-1'}>
        <div aria-live="polite">${newest ? this.#card(newest) : nothing}</div>
        ${
          earlier.length > 0
            ? html`<details>
                <summary>${earlier.length} earlier</summary>
                ${repeat(
                  earlier,
                  (trouble) => `${trouble.code} ${trouble.atMs} ${trouble.message}`,
                  (trouble) => this.#card(trouble),
                )}
              </details>`
            : nothing
        }
      </section>
    `;
  }

  #card(trouble: Trouble): TemplateResult {
    return troubleCard(
      trouble,
      html`<button
        class="quiet"
        aria-label="Put away: ${trouble.message}"
        @click=${() => {
          this.dismiss(trouble);
        }}
      >
        ✕
      </button>`,
    );
  }
}

customElements.define('pn-trouble-list', TroubleList);
