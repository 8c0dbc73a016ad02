/** Owns drawing progress: what, how far in numbers, and a bar that a screen reader can ask. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Progress } from '../../node/view.ts';
import { formatProgress } from './format.ts';

/** `name` is what the bar is called; it has no value while the total is unknown. */
export function progressBar(progress: Progress, name: string): TemplateResult {
  const { done, total } = progress;
  return total > 0
    ? html`<progress aria-label=${name} .value=${Math.min(done, total)} max=${total}>
        ${formatProgress(progress)}
      </progress>`
    : html`<progress aria-label=${name}>${done > 0 ? formatProgress(progress) : nothing}</progress>`;
}
