/** Owns drawing a failure: what happened, what to do next, and its name for a search or a report. */
import { css, html, type TemplateResult } from 'lit';
import type { Trouble } from '../../node/view.ts';
import { formatMoment, formatTime } from '../look/format.ts';

/** `action` stands at the end: a button to put it away, or to try again. */
export function troubleCard(trouble: Trouble, action?: TemplateResult): TemplateResult {
  return html`
    <div class="trouble">
      <div class="told">
        <p class="cause" dir="auto">${trouble.message}</p>
        <p class="next" dir="auto">${trouble.nextStep}</p>
        <p class="name">
          ${trouble.code} ·
          <time datetime=${new Date(trouble.atMs).toISOString()} title=${formatMoment(trouble.atMs)}
            >${formatTime(trouble.atMs)}</time
          >
        </p>
      </div>
      ${action}
    </div>
  `;
}

export const troubleCss = css`
  .trouble {
    display: flex;
    gap: 0.5rem;
    align-items: start;
    padding: 0.5rem 0.5rem 0.5rem 0.75rem;
    border: 1px solid color-mix(in oklab, var(--bad), transparent 60%);
    border-inline-start: 3px solid var(--bad);
    border-radius: 0.5rem;
    background: var(--bad-ground);
    font-size: 0.875rem;
    line-height: 1.4;
    overflow-wrap: anywhere;
  }

  .trouble .told {
    flex: 1;
    min-width: 0;
  }

  .trouble .cause {
    font-weight: 600;
    white-space: pre-wrap;
  }

  .trouble .name {
    color: var(--ink-soft);
    font-size: 0.75rem;
  }
`;
