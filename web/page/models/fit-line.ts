/** Owns how it reads whether a model fits. */
import { html, nothing, type TemplateResult } from 'lit';
import type { FitView } from '../../node/view.ts';

const VERDICTS = { fits: 'Fits', tight: 'Tight', 'too-large': 'Does not fit' } as const;

/** An estimate: what does not fit can be chosen all the same. */
export function fitLine(fit: FitView | undefined): TemplateResult | typeof nothing {
  if (!fit) return nothing;
  const verdict = VERDICTS[fit.verdict];
  return html`<p class="facts">
    ${fit.verdict === 'fits' ? verdict : html`<strong>${verdict}</strong>`}: ${fit.words}
  </p>`;
}
