/** Owns the looks of the start panel. */
import { css } from 'lit';

export const startCss = css`
  :host {
    overflow-y: auto;
  }

  section {
    display: grid;
    gap: 0.75rem;
    max-width: 36rem;
    margin: 0 auto;
    padding: 10vh 1.5rem 2rem;
  }

  h2 {
    color: var(--ink);
    font-size: 1.25rem;
  }

  form {
    display: grid;
    grid-template-columns: 1fr auto;
    gap: 0.375rem 0.5rem;
  }

  label {
    grid-column: 1 / -1;
    font-size: 0.875rem;
    font-weight: 550;
  }

  code {
    padding: 0.0625rem 0.3125rem;
    border-radius: 0.25rem;
    background: var(--raised);
    font-family: var(--mono);
    font-size: 0.8125rem;
  }

  ol {
    display: grid;
    gap: 0.5rem;
    margin: 0;
    padding: 0 0 0 1.25rem;
  }

  .soft,
  .later {
    color: var(--ink-soft);
    font-size: 0.875rem;
  }

  .done > span:first-child {
    color: var(--good);
  }

  .now > span:first-child {
    font-weight: 650;
  }

  .trouble {
    margin-block-start: 0.375rem;
  }
`;
