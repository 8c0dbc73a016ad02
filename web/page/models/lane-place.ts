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
      label {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem;
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
  #isMoving = false;

  override render(): TemplateResult | typeof nothing {
    const { place, isPlaceForced, report, isFreed } = this.lane;
    // A server of the person's own is where it is.
    if (place === undefined || isFreed || report?.backend === 'remote') return nothing;
    return html`<label>
      Think
      <select
        ?disabled=${this.#isMoving || isPlaceForced}
        title=${isPlaceForced ? 'The companion was started with --lane, which leaves no choice' : nothing}
        .value=${place}
        @change=${this.#onPlace}
      >
        ${LANE_PLACES.map((each) => html`<option value=${each} ?selected=${each === place}>${WORDS[each]}</option>`)}
      </select>
    </label>`;
  }

  readonly #onPlace = (event: Event): void => {
    // The listener stands on the select.
    const select = event.target as HTMLSelectElement;
    this.#isMoving = true;
    this.requestUpdate();
    void this.node
      .report(this.node.commands.setLanePlace(v.parse(LanePlaceSchema, select.value)))
      .finally(() => {
        this.#isMoving = false;
        // Refused, it stays where it was.
        select.value = this.lane.place ?? 'auto';
        this.requestUpdate();
      });
  };
}

customElements.define('pn-lane-place', LanePlaceChoice);
