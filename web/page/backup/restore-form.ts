/** Owns the form that brings identities back from a backup file, and what became of it. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { AppError } from '../../../shared/errors.ts';
import { MAX_BACKUP_BYTES, type BackupView } from '../../node/view.ts';
import { baseCss } from '../look/base-css.ts';
import { formatBytes } from '../look/format.ts';
import type { NodeStore } from '../store/node-store.ts';
import { troubleFrom } from '../store/settled-commands.ts';
import { troubleCard, troubleCss } from '../troubles/trouble-card.ts';
import { backupCss } from './backup-css.ts';

type Outcome = BackupView['lastRestore'];

export class RestoreForm extends LitElement {
  static override properties = { lastRestore: { attribute: false }, node: { attribute: false } };
  static override styles = [baseCss, troubleCss, backupCss];

  /** As the node tells it; another tab can have asked for it. */
  declare lastRestore: Outcome;
  declare node: NodeStore;
  /** A file that never reached the node. */
  #refused: Outcome;
  #isRestoring = false;

  override render(): TemplateResult {
    const outcome = this.#refused ?? this.lastRestore;
    return html`
      <details>
        <summary>Restore from a file</summary>
        <form @submit=${this.#onSubmit}>
          <label for="file">Backup file</label>
          <input id="file" type="file" name="file" accept=".json,application/json" required />
          <label for="code">Recovery code</label>
          <input id="code" type="text" name="code" autocomplete="off" spellcheck="false" required />
          <p class="soft">
            Those in the file move in and are at home here from then on, you among them. Whoever lives here
            now is kept and rests; nothing is deleted.
          </p>
          <button aria-disabled=${this.#isRestoring}>Restore</button>
        </form>
      </details>
      <div role="status">
        ${
          this.#isRestoring
            ? html`<p class="soft">Opening the file with the code: this takes a few seconds on purpose…</p>
                <progress aria-label="Restoring"></progress>`
            : outcome
              ? outcomeView(outcome)
              : nothing
        }
      </div>
    `;
  }

  readonly #onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    const file = this.renderRoot.querySelector<HTMLInputElement>('#file')?.files?.[0];
    const code = this.renderRoot.querySelector<HTMLInputElement>('#code');
    if (this.#isRestoring || !file || !code) return;
    void this.#restore(file, code);
  };

  async #restore(file: File, code: HTMLInputElement): Promise<void> {
    this.#isRestoring = true;
    this.#refused = undefined;
    this.requestUpdate();
    try {
      if (file.size > MAX_BACKUP_BYTES) {
        throw new AppError('BackupMalformed', `A file of ${formatBytes(file.size)} is no backup.`);
      }
      const result = await this.node.commands.restoreBackup(await file.text(), code.value);
      // It opens every backup of this household: it stays in no field longer than it must.
      if (result.ok) code.value = '';
      else this.#refused = { trouble: result.trouble };
    } catch (thrown) {
      this.#refused = { trouble: troubleFrom(thrown, this.node.clock) };
    }
    this.#isRestoring = false;
    this.requestUpdate();
  }
}

function outcomeView(outcome: NonNullable<Outcome>): TemplateResult {
  if ('trouble' in outcome) return troubleCard(outcome.trouble);
  const { restored, skipped } = outcome;
  const already = skipped === 0 ? '' : ` ${skipped} ${skipped === 1 ? 'was' : 'were'} here already.`;
  return html`<p class="good">
    Restored ${restored} ${restored === 1 ? 'identity' : 'identities'}.${already}
  </p>`;
}

customElements.define('pn-restore-form', RestoreForm);
