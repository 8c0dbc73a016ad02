/** Owns the looks of what is unfolded to get a model: a form, its fields, the words around. */
import { css } from 'lit';

export const setUpCss = css`
  details,
  form,
  .refused {
    display: grid;
    gap: 0.5rem;
  }

  summary {
    cursor: pointer;
  }

  input {
    min-width: 0;
    padding: 0.5rem;
    border: 1px solid var(--line-strong);
    border-radius: var(--radius);
    font: inherit;
  }

  .facts {
    color: var(--ink-soft);
    font-size: 0.8125rem;
    overflow-wrap: anywhere;
  }
`;
