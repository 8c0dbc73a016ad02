/**
 * Owns what is being written just now, below the timeline. It is drawn for the eye only; a screen reader is told once
 * that somebody writes, and once, by the log, what was said.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { PersonView } from '../../node/view.ts';
import { baseCss } from '../look/base-css.ts';
import { hue } from '../look/hue.ts';
import { avatar, badgeCss } from '../look/person-badge.ts';
import { visibleName } from '../look/visible-name.ts';
import { stateWords } from './state-words.ts';

export class WritingDrafts extends LitElement {
  static override properties = { people: { attribute: false } };
  static override styles = [
    baseCss,
    badgeCss,
    css`
      .draft {
        position: relative;
        padding: 0.625rem 1rem 0.125rem 3.25rem;
        overflow-wrap: anywhere;
      }

      .avatar {
        position: absolute;
        inset-block-start: 0.75rem;
        inset-inline-start: 0.75rem;
      }

      .name {
        color: var(--person-ink);
        font-weight: 650;
      }

      .doing {
        color: var(--ink-soft);
        font-size: 0.75rem;
      }

      .text {
        max-width: 46rem;
        color: var(--ink-soft);
        white-space: pre-wrap;
        unicode-bidi: plaintext;
      }
    `,
  ];

  declare people: readonly PersonView[];

  override render(): TemplateResult {
    const writing = this.people.filter(({ state }) => state?.kind === 'writing');
    const names = writing.map(({ name }) => visibleName(name)).join(', ');
    return html`
      <p class="visually-hidden" aria-live="polite">${names ? `${names} writing` : nothing}</p>
      ${writing.map((person) => draft(person))}
    `;
  }
}

function draft(person: PersonView): TemplateResult {
  const words = person.state && stateWords(person.state);
  return html`<div class="draft" aria-hidden="true" ${hue(person.hue)}>
    ${avatar(person.name, person.hue)}
    <p>
      <bdi class="name">${visibleName(person.name)}</bdi>
      <span class="doing">is writing… ${words?.detail ?? nothing}</span>
    </p>
    <p class="text">${words?.text ?? nothing}</p>
  </div>`;
}

customElements.define('pn-writing-drafts', WritingDrafts);
