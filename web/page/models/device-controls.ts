/** Owns what the person can say about the device: how fast it is, how much of it thinking may take, and to leave it. */
import * as v from 'valibot';
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { DEVICE_SHARES, DeviceShareSchema } from '../../node/lanes/device-share.ts';
import type { LaneView } from '../../node/view.ts';
import { baseCss } from '../look/base-css.ts';
import { formatRate } from '../look/format.ts';
import type { NodeStore } from '../store/node-store.ts';

const SHARE_WORDS = { 1: 'all of it', 0.5: 'half of it', 0.25: 'a quarter of it' } as const;

export class DeviceControls extends LitElement {
  static override properties = { lane: { attribute: false }, node: { attribute: false } };
  static override styles = [
    baseCss,
    css`
      :host {
        display: grid;
        gap: 0.5rem;
      }

      details {
        display: grid;
        gap: 0.5rem;
      }

      summary {
        cursor: pointer;
      }

      label {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem;
      }

      .facts,
      label {
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
  #isMeasuring = false;

  override render(): TemplateResult | typeof nothing {
    const { report, speeds, share, isFreed } = this.lane;
    if (isFreed)
      return html`<p class="facts" role="status">Nobody thinks now: the model is out of memory.</p>
        <button @click=${this.#thinkAgain}>Think again</button>`;
    if (!report) return nothing;
    const isRemote = report.backend === 'remote';
    const facts = [
      speeds?.prefillTokensPerSecond === undefined
        ? ''
        : `reads ${formatRate(speeds.prefillTokensPerSecond)}`,
      speeds?.decodeTokensPerSecond === undefined ? '' : `writes ${formatRate(speeds.decodeTokensPerSecond)}`,
    ].filter((fact) => fact !== '');
    return html`
      <p class="facts">
        ${facts.length === 0 ? 'Its speed is not known yet' : `${isRemote ? 'There' : 'On this device'} it ${facts.join(' and ')}`}
      </p>
      ${
        isRemote
          ? nothing
          : html`<button
              title="Nobody thinks, and the memory is given back, until you say so"
              @click=${this.#free}
            >
              ${report.backend === 'webgpu' || report.backend === 'gpu' ? 'Free the GPU now' : 'Free the memory now'}
            </button>`
      }
      <details>
        <summary>Speed, and its share of the time</summary>
        <button
          ?disabled=${this.#isMeasuring}
          title="Takes some seconds; the room is read anew before the next answer"
          @click=${this.#measure}
        >
          ${this.#isMeasuring ? 'Measuring…' : 'Measure its speed'}
        </button>
        <label>
          ${isRemote ? 'Of the time' : "Of this device's time"} thinking may take
          <select @change=${this.#onShare}>
            ${DEVICE_SHARES.map(
              (each) =>
                html`<option value=${each} ?selected=${each === (share ?? 1)}>${SHARE_WORDS[each]}</option>`,
            )}
          </select>
        </label>
      </details>
    `;
  }

  readonly #measure = (): void => {
    this.#isMeasuring = true;
    this.requestUpdate();
    void this.node.report(this.node.commands.measureSpeed()).finally(() => {
      this.#isMeasuring = false;
      this.requestUpdate();
    });
  };

  readonly #free = (): void => {
    void this.node.report(this.node.commands.freeDevice());
  };

  readonly #thinkAgain = (): void => {
    void this.node.report(this.node.commands.thinkAgain());
  };

  readonly #onShare = (event: Event): void => {
    // The listener stands on the select.
    const { value } = event.target as HTMLSelectElement;
    const share = v.parse(DeviceShareSchema, Number(value));
    void this.node.report(this.node.commands.setDeviceShare(share));
  };
}

customElements.define('pn-device-controls', DeviceControls);
