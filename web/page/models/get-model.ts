/** Owns fetching another model: the suggested ones, an address, and the person's leave for a host. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { capabilityWords, type ModelCapability } from '../../../shared/models/capabilities.ts';
import { SUGGESTED_MODELS } from '../../../shared/models/catalogue.ts';
import type { CompiledModelView, FitView, SuggestedModelView, Trouble } from '../../node/view.ts';
import { baseCss } from '../look/base-css.ts';
import { formatBytes, formatCount } from '../look/format.ts';
import type { NodeStore } from '../store/node-store.ts';
import { troubleCard, troubleCss } from '../troubles/trouble-card.ts';
import { fitLine } from './fit-line.ts';
import { setUpCss } from './set-up-css.ts';

interface Refused {
  readonly address: string;
  readonly trouble: Trouble;
}

interface Suggestion {
  readonly name: string;
  readonly address: string;
  /** What stands first in its line. */
  readonly facts: string;
  readonly contextTokens: number;
  readonly licence: string;
  readonly template: string;
  readonly capabilities: readonly ModelCapability[];
  readonly fit?: FitView | undefined;
}

export class GetModel extends LitElement {
  static override properties = {
    node: { attribute: false },
    suggested: { attribute: false },
    compiled: { attribute: false },
  };
  static override styles = [
    baseCss,
    troubleCss,
    setUpCss,
    css`
      ul {
        display: grid;
        gap: 0.75rem;
        margin: 0.5rem 0;
        padding: 0;
        list-style: none;
      }
    `,
  ];

  declare node: NodeStore;
  declare suggested: readonly SuggestedModelView[] | undefined;
  declare compiled: readonly CompiledModelView[] | undefined;
  /** Why the last address was not fetched. */
  #refused: Refused | undefined;
  #asking: string | undefined;

  override render(): TemplateResult {
    return html`<details>
      <summary>Get another model</summary>
      <ul aria-label="Suggested models">
        ${SUGGESTED_MODELS.map(({ address, aboutBytes, ...model }) => {
          const fit = this.suggested?.find((each) => each.address === address)?.fit;
          return this.#suggestion({ ...model, address, facts: `about ${formatBytes(aboutBytes)}`, fit });
        })}
        ${this.compiled?.map((model) => this.#suggestion({ ...model, facts: 'compiled by MLC for WebGPU' }))}
      </ul>
      <form @submit=${this.#onSubmit}>
        <label for="address">Address of a GGUF file, or of a model that MLC compiled</label>
        <input id="address" name="address" type="url" required placeholder="https://…/model.gguf" />
        <button>Download from this address</button>
      </form>
      ${this.#asking === undefined ? nothing : html`<p class="facts" role="status">Asking ${this.#asking}…</p>`}
      ${this.#refused ? this.#refusal(this.#refused) : nothing}
    </details>`;
  }

  #suggestion({ name, address, facts, fit, ...model }: Suggestion): TemplateResult {
    const { contextTokens, licence, template, capabilities } = model;
    return html`<li>
      <p>${name}</p>
      <p class="facts">${facts} · ${formatCount(contextTokens)} tokens of context · ${licence}</p>
      <p class="facts">Trained for ${capabilityWords(capabilities)} · Chat template: ${template}</p>
      ${fitLine(fit)}
      <button
        aria-label="Download ${name}"
        @click=${() => {
          void this.#fetch(address);
        }}
      >
        Download
      </button>
    </li>`;
  }

  #refusal({ address, trouble }: Refused): TemplateResult {
    const { code, detail: origin } = trouble;
    return html`<div class="refused" role="alert">
      ${troubleCard(trouble)}
      ${
        code === 'HostNotApproved' && origin !== undefined
          ? html`<button
              @click=${() => {
                void this.#approve(origin, address);
              }}
            >
              Approve ${origin} and download
            </button>`
          : nothing
      }
    </div>`;
  }

  readonly #onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    const address = new FormData(event.currentTarget as HTMLFormElement).get('address');
    if (typeof address === 'string') void this.#fetch(address);
  };

  async #approve(origin: string, address: string): Promise<void> {
    const result = await this.node.commands.approveHost(origin);
    if (result.ok) await this.#fetch(address);
    else this.#show({ address, trouble: result.trouble });
  }

  /** From its first byte on, the download has a row of its own. */
  async #fetch(address: string): Promise<void> {
    this.#asking = URL.canParse(address) ? new URL(address).host : 'the host';
    this.#show(undefined);
    const known = new Set(this.node.view.models.downloads.map(({ id }) => id));
    const unfollow = this.node.subscribe(() => {
      if (this.node.view.models.downloads.every(({ id }) => known.has(id))) return;
      this.#asking = undefined;
      this.requestUpdate();
    });
    const result = await this.node.commands.download(address);
    unfollow();
    this.#asking = undefined;
    // What fails on the way is told in the row.
    const isInRow = this.node.view.models.downloads.some(({ id, trouble }) => !known.has(id) && trouble);
    this.#show(result.ok || isInRow ? undefined : { address, trouble: result.trouble });
  }

  #show(refused: Refused | undefined): void {
    this.#refused = refused;
    this.requestUpdate();
  }
}

customElements.define('pn-get-model', GetModel);
