/** Owns what a tab says that only shows the node of another one. */
import { html, nothing, type TemplateResult } from 'lit';
import type { NodeView } from '../../node/view.ts';

export function viewerBanner(tab: NodeView['tab'], moveHere: () => void): TemplateResult {
  // The live region stands there before it has anything to say: only then is that read out.
  return html`<div aria-live="polite">
    ${
      tab === 'viewer'
        ? html`<div role="note" aria-label="This tab">
            <p>Another tab of this browser is the home of your personas. This one shows it, live.</p>
            <button @click=${moveHere}>Move here</button>
          </div>`
        : nothing
    }
  </div>`;
}
