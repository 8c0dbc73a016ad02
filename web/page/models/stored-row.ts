/** Owns how one model that is here looks, and what can be done with it. */
import { html, nothing, type TemplateResult } from 'lit';
import type { ModelCheckView, NodeCommands, StoredModelView } from '../../node/view.ts';
import { formatBytes } from '../look/format.ts';
import { visibleName } from '../look/visible-name.ts';

const PLACE = {
  found: 'on this machine',
  browser: 'in this browser',
  companion: 'in the companion',
  endpoint: 'at your server',
} as const;

/** `run` reports what a command is refused with. */
export function storedRow(
  { id, name, sizeBytes, place, owner, checked, inUse, lastCheck }: StoredModelView,
  isBusy: boolean,
  run: (work: (commands: NodeCommands) => ReturnType<NodeCommands['useModel']>) => void,
): TemplateResult {
  const shown = visibleName(name);
  return html`<li>
    <p class="model" dir="auto">${shown}</p>
    <p class="facts">
      ${sizeBytes === 0 ? '' : `${formatBytes(sizeBytes)}, `}${PLACE[place]}${owner === undefined ? '' : `, of ${owner}`}${checked === 'host' ? ', verified with its host' : ''}
      ${inUse ? html`· <strong>in use</strong>` : nothing}
    </p>
    ${lastCheck ? html`<p class="facts" role="status">${wordsOf(lastCheck)}</p>` : nothing}
    ${
      inUse
        ? nothing
        : html`<div class="actions">
            <button
              ?disabled=${isBusy}
              aria-label="Use ${shown}"
              @click=${() => {
                run((commands) => commands.useModel(id));
              }}
            >
              Use
            </button>
            ${
              place === 'browser'
                ? html`<button
                      ?disabled=${isBusy}
                      aria-label="Check ${shown}"
                      title="Reads every byte again and fetches anew what the disk has changed"
                      @click=${() => {
                        run((commands) => commands.checkModel(id));
                      }}
                    >
                      Check
                    </button>
                    <button
                      aria-label="Delete ${shown} from this browser"
                      @click=${() => {
                        run((commands) => commands.removeModel(id));
                      }}
                    >
                      Delete
                    </button>`
                : nothing
            }
          </div>`
    }
  </li>`;
}

function wordsOf({ healedChunks }: ModelCheckView): string {
  if (healedChunks === 0) return 'Checked: every byte is right';
  return `Checked: ${healedChunks} ${healedChunks === 1 ? 'part was' : 'parts were'} damaged and fetched again`;
}
