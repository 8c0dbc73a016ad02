/** Owns the page as a whole: which part stands where, which room is shown, and what the parts share. */
import { html, LitElement, type TemplateResult } from 'lit';
import type { RoomView, Trouble } from '../../node/view.ts';
import '../backup/backup-panel.ts';
import '../composer/message-composer.ts';
import { readiness } from '../composer/readiness.ts';
import { baseCss } from '../look/base-css.ts';
import { visibleName } from '../look/visible-name.ts';
import '../models/drop-zone.ts';
import '../models/models-panel.ts';
import '../people/people-panel.ts';
import '../people/writing-drafts.ts';
import '../rooms/room-list.ts';
import '../start/start-panel.ts';
import '../status/status-bar.ts';
import { connectionNotice, noticeCss } from '../status/connection-notice.ts';
import { statusFacts } from '../status/status-facts.ts';
import type { NodeStore } from '../store/node-store.ts';
import '../timeline/room-timeline.ts';
import '../troubles/trouble-list.ts';
import { appCss } from './app-css.ts';
import { viewerBanner } from './viewer-banner.ts';

const TITLE = 'Persona Node';

export class PersonaApp extends LitElement {
  static override properties = { node: { attribute: false } };
  static override styles = [baseCss, noticeCss, appCss];

  declare node: NodeStore;
  #chosen: string | undefined;
  /** Name of the file that is being opened. */
  #opening: string | undefined;
  /** Why the last one was not opened. */
  #refused: Trouble | undefined;
  #unfollow: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unfollow = this.node.subscribe(() => {
      this.requestUpdate();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unfollow?.();
  }

  override render(): TemplateResult {
    const { node } = this;
    const { view } = node;
    const room = this.#room;
    return html`
      <a class="skip" href="#message" @click=${this.#toMessage}>Skip to the message box</a>
      <header>
        <h1>${TITLE}</h1>
        ${viewerBanner(view.tab, () => {
          void node.report(node.commands.moveHere());
        })}
      </header>
      <pn-trouble-list
        .troubles=${node.troubles}
        .dismiss=${(trouble: NodeStore['troubles'][number]) => {
          node.dismiss(trouble);
        }}
      ></pn-trouble-list>
      <nav aria-label="Rooms of this node">
        <pn-room-list .rooms=${view.rooms} .shown=${room?.channel} .choose=${this.#choose}></pn-room-list>
      </nav>
      <main>
        ${connectionNotice(view.connection)}
        ${
          room && view.connection.state !== 'unpaired'
            ? html`<pn-room-timeline .room=${room} .node=${node} .sentTo=${view.lane.report?.sentTo}>
                <pn-writing-drafts slot="drafts" .people=${view.people}></pn-writing-drafts>
              </pn-room-timeline>`
            : html`<pn-start-panel .view=${view} .node=${node}></pn-start-panel>`
        }
        <pn-message-composer
          .room=${room}
          .readiness=${readiness(view, room !== undefined)}
          .node=${node}
        ></pn-message-composer>
      </main>
      <aside aria-label="Who, with what, and kept how">
        <pn-people-panel .people=${view.people} .node=${node}></pn-people-panel>
        <pn-models-panel
          .lane=${view.lane}
          .models=${view.models}
          .adapters=${view.adapters}
          .people=${view.people}
          .node=${node}
          .opening=${this.#opening}
          .refused=${this.#refused}
          .open=${this.#openModel}
        ></pn-models-panel>
        <pn-backup-panel .backup=${view.backup} .node=${node}></pn-backup-panel>
      </aside>
      <footer><pn-status-bar .facts=${statusFacts(view, room)}></pn-status-bar></footer>
      <pn-drop-zone .open=${this.#openModel}></pn-drop-zone>
    `;
  }

  override updated(): void {
    const room = this.#room;
    const unread = this.node.view.rooms.reduce((sum, { unread: count }) => sum + count, 0);
    const count = unread > 0 ? `(${unread}) ` : '';
    document.title = room ? `${count}${visibleName(room.name)} · ${TITLE}` : TITLE;
  }

  get #room(): RoomView | undefined {
    const { rooms, activeChannel } = this.node.view;
    const find = (channel: string | undefined): RoomView | undefined =>
      rooms.find((room) => room.channel === channel);
    return find(this.#chosen) ?? find(activeChannel) ?? rooms[0];
  }

  readonly #choose = (channel: string): void => {
    this.#chosen = channel;
    this.requestUpdate();
  };

  readonly #openModel = (files: readonly File[]): void => {
    void this.#load(files);
  };

  async #load(files: readonly File[]): Promise<void> {
    this.#opening = files[0]?.name;
    this.#refused = undefined;
    this.requestUpdate();
    const result = await this.node.commands.openModel(files);
    this.#opening = undefined;
    this.#refused = result.ok ? undefined : result.trouble;
    this.requestUpdate();
  }

  readonly #toMessage = (event: Event): void => {
    // Without a change of the address, which a link of ours must never be mistaken for.
    event.preventDefault();
    this.renderRoot.querySelector<HTMLElement>('pn-message-composer')?.focus();
  };
}

customElements.define('pn-app', PersonaApp);
