/** Owns the region "Models": what the personas think with, how far its loading is, and opening another one. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { AdapterView, LaneView, ModelsView, PersonView, Trouble } from '../../node/view.ts';
import { baseCss } from '../look/base-css.ts';
import { formatBytes, formatCount, formatProgress } from '../look/format.ts';
import { progressBar } from '../look/progress-bar.ts';
import { visibleName } from '../look/visible-name.ts';
import type { NodeStore } from '../store/node-store.ts';
import { troubleCard, troubleCss } from '../troubles/trouble-card.ts';
import './adapter-list.ts';
import './device-controls.ts';
import './lane-place.ts';
import './model-shelf.ts';

/** What a newcomer may expect of her, in a line; measured in docs/starter.md. */
const STARTER_LINE =
  'A small starter: it knows names, roles, what was said here, and Persona Node itself. For everything else open a larger model.';

export class ModelsPanel extends LitElement {
  static override properties = {
    lane: { attribute: false },
    models: { attribute: false },
    adapters: { attribute: false },
    people: { attribute: false },
    node: { attribute: false },
    opening: { attribute: false },
    refused: { attribute: false },
    open: { attribute: false },
  };
  static override styles = [
    baseCss,
    troubleCss,
    css`
      section {
        display: grid;
        gap: 0.5rem;
        padding: var(--gap);
        border-block-start: 1px solid var(--line);
        font-size: 0.875rem;
      }

      .model {
        font-weight: 600;
        overflow-wrap: anywhere;
      }

      .starter {
        margin-block-start: 0.25rem;
      }

      .facts,
      .doing {
        color: var(--ink-soft);
        font-size: 0.8125rem;
      }
    `,
  ];

  declare lane: LaneView;
  declare models: ModelsView;
  declare adapters: readonly AdapterView[] | undefined;
  declare people: readonly PersonView[];
  declare node: NodeStore;
  /** Name of the file that is being opened. */
  declare opening: string | undefined;
  /** Why the last one was not opened; the node tells it too, to every tab, once it was asked at all. */
  declare refused: Trouble | undefined;
  declare open: (files: readonly File[]) => void;

  override render(): TemplateResult {
    const { report, progress, trouble, refusedModel } = this.lane;
    const failure = trouble ?? refusedModel ?? this.refused;
    return html`
      <section aria-label="Models">
        <h2>Models</h2>
        ${
          report
            ? html`<div>
                <p class="model" dir="auto">${visibleName(report.model.name)}</p>
                <p class="facts">
                  ${report.model.sizeBytes === 0 ? '' : `${formatBytes(report.model.sizeBytes)} · `}${formatCount(report.contextTokens)}
                  tokens of context
                </p>
                ${report.sentTo === undefined ? nothing : html`<p class="starter">What is said in the room is sent to <bdi>${report.sentTo}</bdi>.</p>`}
                ${report.model.starter ? html`<p class="starter">${STARTER_LINE}</p>` : nothing}
              </div>`
            : html`<p class="doing">${progress ? 'Loading…' : 'None is loaded.'}</p>`
        }
        <pn-lane-place .lane=${this.lane} .node=${this.node}></pn-lane-place>
        <pn-device-controls .lane=${this.lane} .node=${this.node}></pn-device-controls>
        ${
          this.opening === undefined
            ? nothing
            : html`<p class="doing" role="note">Opening <bdi>${this.opening}</bdi>…</p>`
        }
        ${
          progress
            ? html`<div>
                <p class="doing">${progress.what}, ${formatProgress(progress)}</p>
                ${progressBar(progress, `Model: ${progress.what}`)}
              </div>`
            : nothing
        }
        ${failure ? troubleCard(failure) : nothing}
        <input
          type="file"
          accept=".gguf"
          multiple
          hidden
          aria-label="GGUF file"
          tabindex="-1"
          @change=${this.#onChange}
        />
        <button @click=${this.#choose}>Open a GGUF file</button>
        <pn-adapter-list
          .adapters=${this.adapters}
          .people=${this.people}
          .node=${this.node}
        ></pn-adapter-list>
        <pn-model-shelf .models=${this.models} .node=${this.node}></pn-model-shelf>
      </section>
    `;
  }

  readonly #choose = (): void => {
    this.renderRoot.querySelector('input')?.click();
  };

  readonly #onChange = (event: Event): void => {
    // The listener stands on the input.
    const input = event.target as HTMLInputElement;
    const files = [...(input.files ?? [])];
    // So that the same file can be chosen again after it was put right.
    input.value = '';
    if (files.length > 0) this.open(files);
  };
}

customElements.define('pn-models-panel', ModelsPanel);
