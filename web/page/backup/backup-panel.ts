/** Owns the region "Backup": the recovery code until it is saved, the download, and the way back from a file. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import type { BackupView, Trouble } from '../../node/view.ts';
import { baseCss } from '../look/base-css.ts';
import type { NodeStore } from '../store/node-store.ts';
import { troubleCard, troubleCss } from '../troubles/trouble-card.ts';
import { backupCss } from './backup-css.ts';
import './recovery-code.ts';
import './restore-form.ts';
import { saveFile } from './save-file.ts';

export class BackupPanel extends LitElement {
  static override properties = { backup: { attribute: false }, node: { attribute: false } };
  static override styles = [baseCss, troubleCss, backupCss];

  declare backup: BackupView;
  declare node: NodeStore;
  #saved: string | undefined;
  #refused: Trouble | undefined;

  override render(): TemplateResult {
    const { recoveryCode, identities } = this.backup;
    return html`
      <section aria-label="Backup">
        <h2>Backup</h2>
        ${
          recoveryCode === undefined
            ? nothing
            : html`<pn-recovery-code .code=${recoveryCode} .node=${this.node}></pn-recovery-code>`
        }
        <p class="soft">
          ${
            identities === 0
              ? 'Nobody lives in this browser yet.'
              : `${identities} ${identities === 1 ? 'identity lives' : 'identities live'} in this browser, you among
              them. The file holds their keys, sealed; it opens with the recovery code only.`
          }
        </p>
        <button aria-disabled=${identities === 0} @click=${this.#download}>Download backup</button>
        <div role="status">
          ${
            this.#saved === undefined
              ? nothing
              : html`<p class="soft">Saved as <bdi>${this.#saved}</bdi> in your downloads.</p>`
          }
        </div>
        ${this.#refused ? troubleCard(this.#refused) : nothing}
        <pn-restore-form .lastRestore=${this.backup.lastRestore} .node=${this.node}></pn-restore-form>
      </section>
    `;
  }

  readonly #download = (): void => {
    if (this.backup.identities > 0) void this.#save();
  };

  async #save(): Promise<void> {
    const result = await this.node.commands.backupFile();
    this.#saved = result.ok ? result.fileName : undefined;
    this.#refused = result.ok ? undefined : result.trouble;
    if (result.ok) saveFile(result.fileName, result.text, 'application/json');
    this.requestUpdate();
  }
}

customElements.define('pn-backup-panel', BackupPanel);
