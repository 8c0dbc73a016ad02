/** Owns how one model that is here looks, and what can be done with it. */
import { html, nothing, type TemplateResult } from 'lit';
import type { ModelCheckView, NodeCommands, StoredModelView } from '../../node/view.ts';
import { formatBytes, formatProgress } from '../look/format.ts';
import { progressBar } from '../look/progress-bar.ts';
import { visibleName } from '../look/visible-name.ts';
import { fitLine } from './fit-line.ts';

const PLACE = {
  found: 'on this machine',
  browser: 'in this browser',
  companion: 'in the companion',
  endpoint: 'at your server',
} as const;

/** Both report what a command is refused with. */
export interface RowCommands {
  /** Something that moves everybody is under way. */
  readonly isBusy: boolean;
  readonly move: RunCommand;
  /** Beside whatever else is under way. */
  readonly run: RunCommand;
}
type RunCommand = (work: (commands: NodeCommands) => ReturnType<NodeCommands['useModel']>) => void;

export function storedRow(model: StoredModelView, commands: RowCommands): TemplateResult {
  const { name, sizeBytes, fileCount, place, owner, checked, inUse, fit, lastCheck, isCopied, copying } =
    model;
  const shown = visibleName(name);
  return html`<li>
    <p class="model" dir="auto">${shown}</p>
    <p class="facts">
      ${sizeBytes === 0 ? '' : `${formatBytes(sizeBytes)}, `}${fileCount === undefined ? '' : `${fileCount} files, `}${PLACE[place]}${owner === undefined ? '' : `, of ${owner}`}${checked === 'host' ? ', verified with its host' : ''}${isCopied ? ', copied to the companion' : ''}
      ${inUse ? html`· <strong>in use</strong>` : nothing}
    </p>
    ${fitLine(fit)}
    ${
      copying
        ? html`<p class="facts">${copying.what}, ${formatProgress(copying)}</p>
            ${progressBar(copying, `${copying.what}: ${shown}`)}`
        : nothing
    }
    ${lastCheck ? html`<p class="facts" role="status">${wordsOf(lastCheck)}</p>` : nothing}
    <div class="actions">
      ${inUse ? nothing : whileIdle(model, shown, commands)}${copyAction(model, shown, commands)}
    </div>
  </li>`;
}

function whileIdle(
  { id, place }: StoredModelView,
  shown: string,
  { isBusy, move }: RowCommands,
): TemplateResult {
  return html`<button
      ?disabled=${isBusy}
      aria-label="Use ${shown}"
      @click=${() => {
        move((commands) => commands.useModel(id));
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
                move((commands) => commands.checkModel(id));
              }}
            >
              Check
            </button>
            <button
              aria-label="Delete ${shown} from this browser"
              @click=${() => {
                move((commands) => commands.removeModel(id));
              }}
            >
              Delete
            </button>`
        : nothing
    }`;
}

function copyAction(
  { id, place, isCompiled, isCopied, copying }: StoredModelView,
  shown: string,
  { run }: RowCommands,
): TemplateResult | typeof nothing {
  if (place !== 'browser' || isCompiled || isCopied || copying) return nothing;
  return html`<button
    aria-label="Copy ${shown} to the companion"
    title="The companion goes on with it when the GPU goes away"
    @click=${() => {
      run((commands) => commands.copyModel(id));
    }}
  >
    Copy to the companion
  </button>`;
}

function wordsOf({ healedChunks }: ModelCheckView): string {
  if (healedChunks === 0) return 'Checked: every byte is right';
  return `Checked: ${healedChunks} ${healedChunks === 1 ? 'part was' : 'parts were'} damaged and fetched again`;
}
