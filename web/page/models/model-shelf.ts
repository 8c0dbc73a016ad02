/** Owns the models of this person on the page: what is here, what is coming, how much room there is. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { CommandResult, ModelsView, NodeCommands } from '../../node/view.ts';
import { baseCss } from '../look/base-css.ts';
import { formatBytes } from '../look/format.ts';
import type { NodeStore } from '../store/node-store.ts';
import { troubleCss } from '../troubles/trouble-card.ts';
import { downloadRow } from './download-row.ts';
import './gated-token.ts';
import './get-model.ts';
import './own-server.ts';
import { listCss } from './list-css.ts';
import { storedRow } from './stored-row.ts';

export class ModelShelf extends LitElement {
  static override properties = { models: { attribute: false }, node: { attribute: false } };
  static override styles = [
    baseCss,
    troubleCss,
    listCss,
    css`
      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
      }
    `,
  ];

  declare models: ModelsView;
  declare node: NodeStore;
  #isBusy = false;

  override render(): TemplateResult {
    const { stored, downloads, suggested, compiled, freeBytes, endpoint, gatedToken } = this.models;
    const rows = { isBusy: this.#isBusy, move: this.#move, run: this.#run };
    return html`
      ${
        downloads.length === 0
          ? nothing
          : html`<ul aria-label="Downloads">
              ${downloads.map((download) => downloadRow(download, this.#run))}
            </ul>`
      }
      ${
        stored.length < 2
          ? nothing
          : html`<ul aria-label="Models that are here">
              ${stored.map((model) => storedRow(model, rows))}
            </ul>`
      }
      ${
        freeBytes === undefined
          ? nothing
          : html`<p class="facts">${formatBytes(freeBytes)} free in this browser</p>`
      }
      <pn-get-model .node=${this.node} .suggested=${suggested} .compiled=${compiled}></pn-get-model>
      <pn-gated-token .node=${this.node} .token=${gatedToken}></pn-gated-token>
      <pn-own-server .node=${this.node} .server=${endpoint}></pn-own-server>
    `;
  }

  readonly #run = (work: (commands: NodeCommands) => Promise<CommandResult>): void => {
    void this.node.report(work(this.node.commands));
  };

  /** One after another: everybody moves. */
  readonly #move = (work: (commands: NodeCommands) => Promise<CommandResult>): void => {
    this.#isBusy = true;
    this.requestUpdate();
    void this.node.report(work(this.node.commands)).finally(() => {
      this.#isBusy = false;
      this.requestUpdate();
    });
  };
}

customElements.define('pn-model-shelf', ModelShelf);
