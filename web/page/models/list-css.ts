/** Owns the looks of what is listed under Models: a name, and the facts about it. */
import { css } from 'lit';

export const listCss = css`
  :host,
  ul,
  li {
    display: grid;
    gap: 0.25rem;
  }

  ul {
    gap: 0.75rem;
    margin: 0.5rem 0;
    padding: 0;
    list-style: none;
  }

  .model {
    font-weight: 600;
    overflow-wrap: anywhere;
  }

  .facts {
    color: var(--ink-soft);
    font-size: 0.8125rem;
    overflow-wrap: anywhere;
  }
`;
