/** Owns the looks of the composer. */
import { css } from 'lit';

export const composerCss = css`
  :host {
    display: grid;
    gap: 0.375rem;
    padding: 0.625rem var(--gap) 0.5rem;
    border-block-start: 1px solid var(--line);
    background: var(--surface);
  }

  form {
    display: flex;
    gap: 0.5rem;
    align-items: end;
  }

  textarea {
    flex: 1;
    min-height: 2.5rem;
    max-height: 12rem;
    resize: none;
    line-height: 1.45;
    field-sizing: content;
  }

  textarea[readonly] {
    border-color: var(--line);
    background: var(--raised);
    color: var(--ink-soft);
  }

  textarea::placeholder {
    color: var(--ink-soft);
    opacity: 1;
  }

  form button {
    min-height: 2.5rem;
    padding-inline: 1rem;
  }

  #hint {
    min-height: 1.125rem;
    color: var(--ink-soft);
    font-size: 0.75rem;
  }

  #hint.told {
    color: var(--busy);
    font-weight: 600;
  }
`;
