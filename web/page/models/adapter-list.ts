/** Owns the LoRA adapters on the page: what each is, where it comes from, and who thinks with it. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { AdapterView, PersonView } from '../../node/view.ts';
import { baseCss } from '../look/base-css.ts';
import { formatBytes } from '../look/format.ts';
import { visibleName } from '../look/visible-name.ts';
import type { NodeStore } from '../store/node-store.ts';
import { listCss } from './list-css.ts';

export class AdapterList extends LitElement {
  static override properties = {
    adapters: { attribute: false },
    people: { attribute: false },
    node: { attribute: false },
  };
  static override styles = [
    baseCss,
    listCss,
    css`
      label {
        color: var(--ink-soft);
        font-size: 0.8125rem;
        overflow-wrap: anywhere;
      }
    `,
  ];

  declare adapters: readonly AdapterView[] | undefined;
  declare people: readonly PersonView[];
  declare node: NodeStore;

  override render(): TemplateResult | typeof nothing {
    if (!this.adapters || this.adapters.length === 0) return nothing;
    return html`<ul aria-label="Adapters">
      ${this.adapters.map((adapter) => this.#row(adapter))}
    </ul>`;
  }

  #row(adapter: AdapterView): TemplateResult {
    const { name, sizeBytes, from, isHere, usedBy } = adapter;
    const shown = visibleName(name);
    const facts = isHere
      ? `Adapter, ${formatBytes(sizeBytes)}${from ? `, ${from}` : ''}`
      : 'The companion has it no more';
    const hosted = this.people.filter(({ state }) => state);
    return html`<li>
      <p class="model" dir="auto">${shown}</p>
      <p class="facts" dir="auto">${facts}</p>
      ${hosted.map((person) => {
        const isUsed = usedBy.includes(person.peerId);
        return html`<label>
          <input
            type="checkbox"
            .checked=${isUsed}
            ?disabled=${!isHere && !isUsed}
            aria-label="${visibleName(person.name)} thinks with ${shown}"
            @change=${() => {
              const chosen = isUsed ? undefined : { id: adapter.id, name };
              void this.node.report(this.node.commands.chooseAdapter(person.peerId, chosen));
            }}
          />
          ${visibleName(person.name)} thinks with it
        </label>`;
      })}
    </li>`;
  }
}

customElements.define('pn-adapter-list', AdapterList);
