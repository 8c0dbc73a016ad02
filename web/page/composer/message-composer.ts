/** Owns the textbox "Message": one draft per room, sent with Enter, never lost when it cannot be sent. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { MAX_TEXT_CHARS } from '../../../shared/bridge/limits.ts';
import type { RoomView, Trouble } from '../../node/view.ts';
import { baseCss } from '../look/base-css.ts';
import { formatCount } from '../look/format.ts';
import { visibleName } from '../look/visible-name.ts';
import type { NodeStore } from '../store/node-store.ts';
import { troubleCard, troubleCss } from '../troubles/trouble-card.ts';
import { composerCss } from './composer-css.ts';
import type { Readiness } from './readiness.ts';

/** The count is shown when this much of it is used. */
const SHOW_COUNT_FROM = 0.9;

export class MessageComposer extends LitElement {
  static override properties = {
    room: { attribute: false },
    readiness: { attribute: false },
    node: { attribute: false },
  };
  static override styles = [baseCss, troubleCss, composerCss];

  /** Undefined while no room is open. */
  declare room: RoomView | undefined;
  declare readiness: Readiness;
  declare node: NodeStore;
  readonly #drafts = new Map<string, string>();
  #refused: Trouble | undefined;

  /** Where the skip link leads. */
  override focus(): void {
    this.renderRoot.querySelector('textarea')?.focus();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('room') && changed.get('room')?.channel !== this.room?.channel) this.#refused = undefined;
  }

  override render(): TemplateResult {
    const { readiness, room } = this;
    const draft = this.#draft;
    const isBlocked = readiness.state === 'blocked';
    const isTooLong = draft.length > MAX_TEXT_CHARS;
    // Read-only instead of disabled: a field that is disabled under somebody's hands loses their place.
    return html`
      ${this.#refused ? troubleCard(this.#refused) : nothing}
      <form @submit=${this.#onSubmit}>
        <textarea
          aria-label="Message"
          aria-describedby="hint"
          aria-disabled=${isBlocked}
          aria-invalid=${isTooLong}
          rows="1"
          placeholder=${room ? `Say something in ${visibleName(room.name)}` : 'No room is open yet'}
          ?readonly=${isBlocked}
          .value=${live(draft)}
          @input=${this.#onInput}
          @keydown=${this.#onKeyDown}
        ></textarea>
        <button class="primary" aria-disabled=${isBlocked || isTooLong || draft.trim() === ''}>Send</button>
      </form>
      <p id="hint" class=${isBlocked || isTooLong ? 'told' : ''}>${this.#hint(draft.length)}</p>
    `;
  }

  get #draft(): string {
    return this.#drafts.get(this.room?.channel ?? '') ?? '';
  }

  #hint(length: number): string {
    const count = `${formatCount(length)} of ${formatCount(MAX_TEXT_CHARS)} characters`;
    if (this.readiness.state === 'blocked') return this.readiness.reason;
    if (length > MAX_TEXT_CHARS) return `Too long to send: ${count}. Shorten it.`;
    if (length > MAX_TEXT_CHARS * SHOW_COUNT_FROM) return `${count}.`;
    if (this.readiness.state === 'kept') return this.readiness.hint;
    return 'Enter sends, Shift+Enter makes a new line.';
  }

  #keepDraft(channel: string, text: string): void {
    this.#drafts.set(channel, text);
    this.requestUpdate();
  }

  readonly #onInput = (event: InputEvent): void => {
    // The listener stands on the textarea.
    this.#keepDraft(this.room?.channel ?? '', (event.target as HTMLTextAreaElement).value);
  };

  readonly #onKeyDown = (event: KeyboardEvent): void => {
    // Enter that ends an input method's word is not ours.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void this.#send();
  };

  readonly #onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    void this.#send();
  };

  async #send(): Promise<void> {
    const { room } = this;
    const text = this.#draft;
    if (!room || this.readiness.state === 'blocked' || text.length > MAX_TEXT_CHARS || text.trim() === '')
      return;
    this.#refused = undefined;
    this.#keepDraft(room.channel, '');
    const result = await this.node.commands.say(room.channel, text.trim());
    if (result.ok) return;
    this.#refused = result.trouble;
    // What was typed meanwhile stays, behind what came back.
    const since = this.#drafts.get(room.channel) ?? '';
    this.#keepDraft(room.channel, since === '' ? text : `${text}\n${since}`);
  }
}

customElements.define('pn-message-composer', MessageComposer);
