/** Owns giving the companion a token for models that their host gives only to known accounts, and taking it back. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import type { CommandResult, ModelsView, Trouble } from '../../node/view.ts';
import { baseCss } from '../look/base-css.ts';
import type { NodeStore } from '../store/node-store.ts';
import { troubleCard, troubleCss } from '../troubles/trouble-card.ts';
import { setUpCss } from './set-up-css.ts';

export class GatedToken extends LitElement {
  static override properties = { node: { attribute: false }, token: { attribute: false } };
  static override styles = [baseCss, troubleCss, setUpCss];

  declare node: NodeStore;
  /** Undefined while none is kept. */
  declare token: ModelsView['gatedToken'];
  #refused: Trouble | undefined;

  override render(): TemplateResult {
    const { token } = this;
    return html`<details>
      <summary>Access token for gated models</summary>
      <p class="facts">
        Some models on huggingface.co are given only to accounts that accepted their licence. Accept it on the
        model's page, make a token there that may read, and give it here. The companion keeps it and shows it
        to huggingface.co alone.
      </p>
      ${
        token
          ? html`<p class="facts" role="status">One is kept; it ends in <bdi>${token.tail}</bdi>.</p>
              <button
                @click=${() => {
                  void this.#run(() => this.node.commands.forgetGatedToken());
                }}
              >
                Remove this token
              </button>`
          : nothing
      }
      <form @submit=${this.#onSubmit}>
        <label for="token">${token ? 'Another token in its place' : 'Token'}</label>
        <input id="token" name="token" type="password" required autocomplete="off" placeholder="hf_…" />
        <button>${token ? 'Replace the token' : 'Keep the token'}</button>
      </form>
      ${this.#refused ? html`<div class="refused" role="alert">${troubleCard(this.#refused)}</div>` : nothing}
    </details>`;
  }

  /** It stands in the page no longer, whatever becomes of it. */
  readonly #onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const token = new FormData(form).get('token');
    form.reset();
    if (typeof token === 'string') void this.#run(() => this.node.commands.setGatedToken(token.trim()));
  };

  async #run(work: () => Promise<CommandResult>): Promise<void> {
    const result = await work();
    this.#refused = result.ok ? undefined : result.trouble;
    this.requestUpdate();
  }
}

customElements.define('pn-gated-token', GatedToken);
