/** Owns setting up the server that the person runs: its address, its key, and their leave for one outside. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import type { EndpointWish, ModelsView, Trouble } from '../../node/view.ts';
import { baseCss } from '../look/base-css.ts';
import type { NodeStore } from '../store/node-store.ts';
import { troubleCard, troubleCss } from '../troubles/trouble-card.ts';
import { setUpCss } from './set-up-css.ts';

interface Refused {
  readonly wish?: EndpointWish;
  readonly trouble: Trouble;
}

export class OwnServer extends LitElement {
  static override properties = { node: { attribute: false }, server: { attribute: false } };
  static override styles = [baseCss, troubleCss, setUpCss];

  declare node: NodeStore;
  /** Undefined while none is set up. */
  declare server: ModelsView['endpoint'];
  #refused: Refused | undefined;
  #asking: string | undefined;

  override render(): TemplateResult {
    const { server } = this;
    return html`<details>
      <summary>Use a server you run</summary>
      <p class="facts">
        llama-server, llama-cpp-python, Ollama, LM Studio, vLLM, or another that speaks as OpenAI does. What
        is said in the room is sent to it while the personas think there.
      </p>
      ${
        server
          ? html`<p class="facts">
                Set up: <bdi>${server.address}</bdi>${server.server === 'other' ? '' : ` (${server.server})`}.
                Its models stand above.
              </p>
              <button
                @click=${() => {
                  void this.#forget();
                }}
              >
                Forget this server
              </button>`
          : nothing
      }
      <form @submit=${this.#onSubmit}>
        <label for="server">Address of the server</label>
        <input id="server" name="address" required placeholder="http://127.0.0.1:8080/v1" />
        <label for="key">Its key, if it wants one; the companion keeps it</label>
        <input id="key" name="key" type="password" autocomplete="off" />
        <label for="context">Tokens of context, if it does not tell</label>
        <input id="context" name="context" type="number" min="512" placeholder="4096" />
        <button ?disabled=${this.#asking !== undefined}>Connect</button>
      </form>
      ${
        this.#asking === undefined
          ? nothing
          : html`<p class="facts" role="status">
              Asking <bdi>${this.#asking}</bdi>, for at most 15 seconds…
            </p>`
      }
      ${this.#refused ? this.#refusal(this.#refused) : nothing}
    </details>`;
  }

  #refusal({ wish, trouble }: Refused): TemplateResult {
    return html`<div class="refused" role="alert">
      ${troubleCard(trouble)}
      ${
        wish && trouble.code === 'EndpointPublic'
          ? html`<button
              @click=${() => {
                const form = this.renderRoot.querySelector('form') ?? undefined;
                void this.#connect({ ...wish, isPublicConfirmed: true }, form);
              }}
            >
              Send what is said in the room to ${wish.address}
            </button>`
          : nothing
      }
    </div>`;
  }

  readonly #onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const fields = new FormData(form);
    const text = (name: string): string => {
      const value = fields.get(name);
      return typeof value === 'string' ? value.trim() : '';
    };
    const key = text('key');
    const context = text('context');
    void this.#connect(
      {
        address: text('address'),
        ...(key !== '' && { key }),
        ...(context !== '' && { contextTokens: Number(context) }),
        isPublicConfirmed: false,
      },
      form,
    );
  };

  /** A key that was taken stands in the page no longer. */
  async #connect(wish: EndpointWish, form?: HTMLFormElement): Promise<void> {
    // What is no address may be anything, a key too.
    this.#asking = URL.canParse(wish.address) ? new URL(wish.address).host : 'the server';
    this.#show(undefined);
    const result = await this.node.commands.connectEndpoint(wish);
    this.#asking = undefined;
    if (result.ok) form?.reset();
    this.#show(result.ok ? undefined : { wish, trouble: result.trouble });
  }

  async #forget(): Promise<void> {
    const result = await this.node.commands.forgetEndpoint();
    this.#show(result.ok ? undefined : { trouble: result.trouble });
  }

  #show(refused: Refused | undefined): void {
    this.#refused = refused;
    this.requestUpdate();
  }
}

customElements.define('pn-own-server', OwnServer);
