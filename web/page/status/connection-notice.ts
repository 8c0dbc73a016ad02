/** Owns what the page says while the companion is away: the cause and the next step, for as long as it lasts. */
import { css, html, nothing, type TemplateResult } from 'lit';
import type { ConnectionView } from '../../node/view.ts';

/** Attempts that fail in a blink are no news: the first of them come within a second. */
const TELL_FROM_ATTEMPT = 3;

export function connectionNotice(connection: ConnectionView): TemplateResult {
  const trouble =
    connection.state === 'connecting' && connection.attempt >= TELL_FROM_ATTEMPT
      ? connection.trouble
      : undefined;
  // The live region stands there before it has anything to say; neither time nor count are in it, so it speaks once.
  return html`<div class="notice" aria-live="polite">
    ${
      trouble
        ? html`<p>
            <strong>${trouble.code}: the companion is away.</strong> ${trouble.message} ${trouble.nextStep}
          </p>`
        : nothing
    }
  </div>`;
}

export const noticeCss = css`
  .notice p {
    padding: 0.5rem var(--gap);
    border-block-end: 1px solid var(--line);
    background: var(--bad-ground);
    font-size: 0.875rem;
    line-height: 1.4;
    overflow-wrap: anywhere;
  }
`;
