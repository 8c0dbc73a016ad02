/** Owns the region "Rooms": which rooms there are, which one is shown, and what is unread in each. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { RoomView } from '../../node/view.ts';
import { baseCss } from '../look/base-css.ts';
import { formatCount } from '../look/format.ts';
import { visibleName } from '../look/visible-name.ts';

export class RoomList extends LitElement {
  static override properties = {
    rooms: { attribute: false },
    shown: { attribute: false },
    choose: { attribute: false },
  };
  static override styles = [
    baseCss,
    css`
      section {
        padding: var(--gap);
      }

      li {
        margin-block-start: 0.25rem;
      }

      button {
        display: flex;
        gap: 0.5rem;
        align-items: center;
        width: 100%;
        border-color: transparent;
        background: none;
        text-align: start;
      }

      button[aria-current='true'] {
        background: var(--accent-ground);
        color: var(--accent);
      }

      bdi {
        flex: 1;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }

      bdi::before {
        color: var(--ink-soft);
        content: '# ' / '';
      }

      .count {
        padding-inline: 0.4375rem;
        border-radius: 1rem;
        background: var(--accent);
        color: var(--on-accent);
        font-size: 0.75rem;
        font-weight: 650;
      }

      .empty {
        padding-block: 0.5rem;
        color: var(--ink-soft);
        font-size: 0.875rem;
      }
    `,
  ];

  declare rooms: readonly RoomView[];
  /** Channel of the room on the timeline. */
  declare shown: string | undefined;
  declare choose: (channel: string) => void;

  override render(): TemplateResult {
    return html`
      <section aria-label="Rooms">
        <h2>Rooms</h2>
        ${
          this.rooms.length === 0
            ? html`<p class="empty">None yet: the companion names the room.</p>`
            : html`<ul>
                ${repeat(
                  this.rooms,
                  ({ channel }) => channel,
                  (room) => this.#entry(room),
                )}
              </ul>`
        }
      </section>
    `;
  }

  #entry(room: RoomView): TemplateResult {
    return html`<li>
      <button
        aria-current=${room.channel === this.shown}
        @click=${() => {
          this.choose(room.channel);
        }}
      >
        <bdi>${visibleName(room.name)}</bdi>
        ${
          room.unread > 0
            ? html`<span class="count"
                >${formatCount(room.unread)}<span class="visually-hidden"> unread</span></span
              >`
            : nothing
        }
      </button>
    </li>`;
  }
}

customElements.define('pn-room-list', RoomList);
