/** Owns how a person is marked wherever they appear: their letter in their colour, and what kind of person they are. */
import { css, html, type TemplateResult } from 'lit';
import type { PersonView } from '../../node/view.ts';
import { hue } from './hue.ts';
import { visibleName } from './visible-name.ts';

const KIND_WORDS: Readonly<Record<PersonView['kind'], string>> = {
  persona: 'persona',
  human: 'person',
  agent: 'agent',
  unknown: 'unknown kind',
};

export function kindWord(kind: PersonView['kind'], self: boolean): string {
  return self ? 'you' : KIND_WORDS[kind];
}

export function avatar(name: string, degrees: number): TemplateResult {
  const [letter = '?'] = visibleName(name);
  return html`<span class="avatar" aria-hidden="true" ${hue(degrees)}>${letter.toUpperCase()}</span>`;
}

export const badgeCss = css`
  /* Here, not at the root: a custom property is worked out where it is declared, and the hue is known only here. */
  [data-hued] {
    --person-ink: light-dark(oklch(0.48 0.13 var(--hue)), oklch(0.82 0.09 var(--hue)));
    --person-ground: light-dark(oklch(0.92 0.05 var(--hue)), oklch(0.34 0.06 var(--hue)));
  }

  .avatar {
    display: grid;
    flex: none;
    place-items: center;
    width: 2rem;
    height: 2rem;
    border-radius: 50%;
    background: var(--person-ground);
    color: var(--person-ink);
    font-size: 0.875rem;
    font-weight: 650;
    line-height: 1;
  }

  .kind {
    padding: 0 0.375rem;
    border-radius: 1rem;
    background: var(--raised);
    color: var(--ink-soft);
    font-size: 0.6875rem;
    font-weight: 550;
    line-height: 1.25rem;
    white-space: nowrap;
  }
`;
