/** Owns the status "Node status": one line of facts, each with its reason. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { baseCss } from '../look/base-css.ts';
import type { StatusFact } from './status-facts.ts';

export class StatusBar extends LitElement {
  static override properties = { facts: { attribute: false } };
  static override styles = [
    baseCss,
    css`
      :host {
        display: block;
        border-block-start: 1px solid var(--line);
        background: var(--surface);
        font-size: 0.75rem;
        line-height: 1.4;
      }

      dl {
        display: flex;
        flex-wrap: wrap;
        gap: 0.125rem 1.25rem;
        padding: 0.375rem var(--gap);
      }

      .fact {
        display: flex;
        gap: 0.375rem;
        max-width: 100%;
      }

      dt {
        color: var(--ink-soft);
      }

      dd {
        font-weight: 600;
        overflow-wrap: anywhere;
      }

      .detail {
        color: var(--ink-soft);
        font-weight: 400;
      }

      .good .value::before,
      .busy .value::before,
      .bad .value::before {
        display: inline-block;
        width: 0.5rem;
        height: 0.5rem;
        margin-inline-end: 0.3125rem;
        border-radius: 50%;
        background: currentcolor;
        content: '';
      }

      .good .value {
        color: var(--good);
      }

      .busy .value {
        color: var(--busy);
      }

      .bad .value {
        color: var(--bad);
      }
    `,
  ];

  declare facts: readonly StatusFact[];

  override render(): TemplateResult {
    // Only what changed is read out: the whole line at every change would drown the talk.
    return html`
      <div role="status" aria-label="Node status" aria-atomic="false">
        <dl>
          ${this.facts.map(
            ({ name, value, detail, tone, volatile }) => html`
              <div class="fact ${tone}" aria-live=${volatile ? 'off' : nothing}>
                <dt>${name}</dt>
                <dd>
                  <span class="value" dir="auto">${value}</span>
                  ${detail === undefined ? nothing : html`<span class="detail" dir="auto">${detail}</span>`}
                </dd>
              </div>
            `,
          )}
        </dl>
      </div>
    `;
  }
}

customElements.define('pn-status-bar', StatusBar);
