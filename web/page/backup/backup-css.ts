/** Owns the looks that the parts of the region "Backup" share. */
import { css } from 'lit';

export const backupCss = css`
  section {
    display: grid;
    gap: 0.5rem;
    padding: var(--gap);
    border-block-start: 1px solid var(--line);
    font-size: 0.875rem;
  }

  button {
    justify-self: start;
  }

  form {
    display: grid;
    gap: 0.375rem;
    margin-block-start: 0.5rem;
  }

  label {
    font-size: 0.8125rem;
    font-weight: 550;
  }

  input[type='file'] {
    max-width: 100%;
    font: inherit;
    font-size: 0.8125rem;
  }

  input[name='code'] {
    font-family: var(--mono);
    font-size: 0.8125rem;
  }

  .soft {
    color: var(--ink-soft);
    font-size: 0.8125rem;
    line-height: 1.4;
  }

  .good {
    margin-block-start: 0.5rem;
    color: var(--good);
    font-weight: 550;
  }
`;
