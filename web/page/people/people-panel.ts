/** Owns the region "People": the personas of this node with their state, the person at the page, and everybody else. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { PersonView } from '../../node/view.ts';
import { baseCss } from '../look/base-css.ts';
import { badgeCss } from '../look/person-badge.ts';
import type { NodeStore } from '../store/node-store.ts';
import { troubleCss } from '../troubles/trouble-card.ts';
import { personCard, personCss } from './person-card.ts';

const OTHERS_PAGE = 50;

export class PeoplePanel extends LitElement {
  static override properties = { people: { attribute: false }, node: { attribute: false } };
  static override styles = [
    baseCss,
    badgeCss,
    troubleCss,
    personCss,
    css`
      section {
        padding: var(--gap);
      }

      ul + ul {
        margin-block-start: 0.5rem;
        padding-block-start: 0.5rem;
        border-block-start: 1px solid var(--line);
      }

      .empty {
        padding-block: 0.5rem;
        color: var(--ink-soft);
        font-size: 0.875rem;
      }
    `,
  ];

  declare people: readonly PersonView[];
  declare node: NodeStore;
  #othersShown = OTHERS_PAGE;

  override render(): TemplateResult {
    const hosted = this.people.filter(({ state }) => state);
    const others = this.people.filter(({ state }) => !state);
    const shown = others.slice(0, this.#othersShown);
    return html`
      <section aria-label="People">
        <h2>People</h2>
        ${this.people.length === 0 ? html`<p class="empty">Nobody is here yet.</p>` : nothing}
        ${this.#list(hosted)} ${this.#list(shown)}
        ${
          shown.length < others.length
            ? html`<button
                @click=${() => {
                  this.#othersShown += OTHERS_PAGE;
                  this.requestUpdate();
                }}
              >
                Show more (${others.length - shown.length})
              </button>`
            : nothing
        }
      </section>
    `;
  }

  #list(people: readonly PersonView[]): TemplateResult | typeof nothing {
    if (people.length === 0) return nothing;
    return html`<ul>
      ${repeat(
        people,
        ({ peerId }) => peerId,
        (person) =>
          personCard(person, (asleep) => {
            void this.node.report(this.node.commands.setAsleep(person.peerId, asleep));
          }),
      )}
    </ul>`;
  }
}

customElements.define('pn-people-panel', PeoplePanel);
