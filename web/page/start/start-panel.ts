/** Owns what stands in place of the conversation while no room is open: how to pair, or how far the start is. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import type { NodeView, Trouble } from '../../node/view.ts';
import { baseCss } from '../look/base-css.ts';
import { codeFromLink } from '../pairing/pairing-code.ts';
import type { NodeStore } from '../store/node-store.ts';
import { troubleCard, troubleCss } from '../troubles/trouble-card.ts';
import { startCss } from './start-css.ts';
import { startSteps, type StartStep } from './start-steps.ts';

const STATE_WORDS = { done: 'done', now: 'in progress', later: 'to come' } as const;

export class StartPanel extends LitElement {
  static override properties = { view: { attribute: false }, node: { attribute: false } };
  static override styles = [baseCss, troubleCss, startCss];

  declare view: NodeView;
  declare node: NodeStore;

  override render(): TemplateResult {
    const { connection } = this.view;
    return html`<section aria-label="Start">
      ${connection.state === 'unpaired' ? this.#refused(connection.trouble) : this.#steps()}
    </section>`;
  }

  #refused(trouble: Trouble | undefined): TemplateResult {
    if (trouble?.code !== 'ProtocolVersionMismatch') return this.#pairing(trouble);
    return html`
      <h2>Reload this page</h2>
      ${troubleCard(trouble)}
      <button
        class="primary"
        @click=${() => {
          location.reload();
        }}
      >
        Reload
      </button>
    `;
  }

  #pairing(trouble: Trouble | undefined): TemplateResult {
    return html`
      <h2>Pair this browser</h2>
      <p>
        Persona Node works with a small program on this machine, the companion. It prints a link when it
        starts; the link works once, for 10 minutes. Open it, or paste it here.
      </p>
      ${trouble ? troubleCard(trouble) : nothing}
      <form @submit=${this.#onSubmit}>
        <label for="link">Pairing link</label>
        <input id="link" type="text" name="link" autocomplete="off" spellcheck="false" required />
        <button class="primary">Pair</button>
      </form>
      <p class="soft">
        No link at hand? In the project folder: <code>npx persona-node pair</code> prints a fresh one, and
        <code>npm start</code> starts the companion.
      </p>
    `;
  }

  #steps(): TemplateResult {
    const steps = startSteps(this.view);
    const done = steps.filter(({ state }) => state === 'done').length;
    return html`
      <h2>Starting: ${done} of ${steps.length} steps</h2>
      <ol>
        ${steps.map((step) => stepView(step))}
      </ol>
    `;
  }

  readonly #onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    const field = this.renderRoot.querySelector('input');
    if (!field) return;
    const code = codeFromLink(field.value);
    field.value = '';
    // The refusal comes back as the trouble of the unpaired connection.
    void this.node.commands.pair(code);
  };
}

function stepView({ name, state, detail, trouble }: StartStep): TemplateResult {
  return html`<li class=${state} aria-current=${state === 'now' ? 'step' : nothing}>
    <span>${name}</span>
    <span class="soft">${STATE_WORDS[state]}${detail === undefined ? '' : `, ${detail}`}</span>
    ${trouble ? troubleCard(trouble) : nothing}
  </li>`;
}

customElements.define('pn-start-panel', StartPanel);
