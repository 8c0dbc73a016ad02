/** Owns how one download looks: its numbers, and what can be done with it. */
import { html, nothing, type TemplateResult } from 'lit';
import type { DownloadView, NodeCommands } from '../../node/view.ts';
import { formatBytes, formatDuration } from '../look/format.ts';
import { progressBar } from '../look/progress-bar.ts';
import { visibleName } from '../look/visible-name.ts';
import { troubleCard } from '../troubles/trouble-card.ts';

export type DownloadCommand = 'resumeDownload' | 'pauseDownload' | 'removeDownload';

/** `run` reports what a command is refused with. */
export function downloadRow(
  download: DownloadView,
  run: (work: (commands: NodeCommands) => ReturnType<NodeCommands[DownloadCommand]>) => void,
): TemplateResult {
  const { id, name, origin, sizeBytes, doneBytes, phase, trouble } = download;
  const shown = visibleName(name);
  return html`<li>
    <p class="model" dir="auto">${shown}</p>
    <p class="facts">${wordsOf(download)} · <bdi>${new URL(origin).host}</bdi></p>
    ${progressBar(
      { what: `Fetching ${shown}`, done: doneBytes, total: sizeBytes, unit: 'bytes' },
      `Download of ${shown}`,
    )}
    ${trouble ? troubleCard(trouble) : nothing}
    <div class="actions">
      ${
        phase === 'paused'
          ? html`<button
              aria-label="Resume the download of ${shown}"
              @click=${() => {
                run((commands) => commands.resumeDownload(id));
              }}
            >
              Resume
            </button>`
          : html`<button
              aria-label="Pause the download of ${shown}"
              @click=${() => {
                run((commands) => commands.pauseDownload(id));
              }}
            >
              Pause
            </button>`
      }
      ${
        // What is checked may be a finished model, which its own row deletes.
        phase === 'verifying'
          ? nothing
          : html`<button
              aria-label="Delete the download of ${shown}"
              @click=${() => {
                run((commands) => commands.removeDownload(id));
              }}
            >
              Delete
            </button>`
      }
    </div>
  </li>`;
}

/** "12 of 386 MiB, 3.1 MiB/s, 2 min left". */
function wordsOf({ sizeBytes, doneBytes, phase, bytesPerSecond }: DownloadView): string {
  const amount = `${formatBytes(doneBytes)} of ${formatBytes(sizeBytes)}`;
  if (phase === 'paused') return `Paused at ${amount}`;
  if (phase === 'verifying') return `Checking: ${amount}`;
  if (bytesPerSecond === undefined || bytesPerSecond < 1) return amount;
  const left = formatDuration((1000 * (sizeBytes - doneBytes)) / bytesPerSecond);
  return `${amount}, ${formatBytes(bytesPerSecond)}/s, ${left} left`;
}
