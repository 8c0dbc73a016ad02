/** Owns the choice where the personas think. */
import * as v from 'valibot';
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { LANE_PLACES, LanePlaceSchema, type LanePlace } from '../../node/lanes/lane-place.ts';
import type { LaneView } from '../../node/view.ts';
import { baseCss } from '../look/base-css.ts';
import type { NodeStore } from '../store/node-store.ts';

const WORDS: Readonly<Record<LanePlace, string>> = {
  auto: 'where it goes best',
  tab: 'in this tab',
  companion: 'in the companion',
};

export class LanePlaceChoice extends LitElement {
  static override properties = { lane: { attribute: false }, node: { attribute: false } };
  static override styles = [
    baseCss,
    css`
      form,
      label {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem;
      }

      label,
      p {
        color: var(--ink-soft);
        font-size: 0.8125rem;
      }

      select {
        font: inherit;
      }
    `,
  ];

  declare lane: LaneView;
  declare node: NodeStore;
  /** Chosen, and not asked for yet: with arrow keys a select passes by every one of its options. */
  #wish: LanePlace | undefined;
  #isMoving = false;

  override render(): TemplateResult | typeof nothing {
    const { place, forcedLane, plannedLane } = this.lane;
    // A server of the person's own is where it is.
    if (place === undefined || plannedLane === 'endpoint') return nothing;
    if (forcedLane !== undefined)
      return html`<p>
        They think ${forcedLane === 'gguf' ? 'in this tab' : 'in the companion'}: it was started with
        <code>--lane ${forcedLane}</code>, which leaves no choice.
      </p>`;
    const wish = this.#wish ?? place;
    return html`<form @submit=${this.#move}>
      <label>
        Think
        <select .value=${wish} @change=${this.#onChange}>
          ${LANE_PLACES.map((each) => html`<option value=${each} ?selected=${each === wish}>${WORDS[each]}</option>`)}
        </select>
      </label>
      ${wish === place && !this.#isMoving ? nothing : html`<button aria-disabled=${this.#isMoving}>${this.#isMoving ? 'Moving…' : 'Move there'}</button>`}
    </form>`;
  }

  readonly #onChange = (event: Event): void => {
    // The listener stands on the select.
    this.#wish = v.parse(LanePlaceSchema, (event.target as HTMLSelectElement).value);
    this.requestUpdate();
  };

  readonly #move = (event: Event): void => {
    event.preventDefault();
    const wish = this.#wish;
    if (this.#isMoving || wish === undefined) return;
    this.#isMoving = true;
    this.requestUpdate();
    void this.node.report(this.node.commands.setLanePlace(wish)).finally(() => {
      this.#isMoving = false;
      // Refused, it stays where it was.
      this.#wish = undefined;
      this.requestUpdate();
      // The button goes, and the focus would with it.
      this.renderRoot.querySelector('select')?.focus();
    });
  };
}

customElements.define('pn-lane-place', LanePlaceChoice);
