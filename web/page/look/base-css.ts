/** Owns the styles that every component shares: boxes, buttons, fields, focus, and what only a screen reader meets. */
import { css } from 'lit';

export const baseCss = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  :host([hidden]),
  [hidden] {
    display: none !important;
  }

  h2,
  h3,
  p,
  ul,
  dl,
  dd {
    margin: 0;
    padding: 0;
  }

  ul {
    list-style: none;
  }

  h2 {
    color: var(--ink-soft);
    font-size: 0.8125rem;
    font-weight: 650;
    letter-spacing: 0.01em;
  }

  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }

  button {
    min-height: 2rem;
    padding: 0.3125rem 0.75rem;
    border: 1px solid var(--line-strong);
    border-radius: 0.5rem;
    background: var(--surface);
    color: var(--ink);
    font: inherit;
    font-size: 0.875rem;
    font-weight: 550;
    cursor: pointer;
  }

  button:hover:not(:disabled, [aria-disabled='true']) {
    background: var(--raised);
  }

  button.primary {
    border-color: transparent;
    background: var(--accent);
    color: var(--on-accent);
  }

  button.primary:hover:not(:disabled, [aria-disabled='true']) {
    background: color-mix(in oklab, var(--accent), var(--ink) 15%);
  }

  button.quiet {
    border-color: transparent;
    background: none;
    color: var(--ink-soft);
  }

  button:disabled,
  button[aria-disabled='true'] {
    border-color: var(--line);
    background: var(--raised);
    color: var(--ink-soft);
    cursor: default;
  }

  input[type='text'],
  textarea {
    width: 100%;
    padding: 0.4375rem 0.625rem;
    border: 1px solid var(--line-strong);
    border-radius: 0.5rem;
    background: var(--surface);
    color: var(--ink);
    font: inherit;
  }

  progress {
    display: block;
    width: 100%;
    height: 0.375rem;
    border: 0;
    border-radius: 1rem;
    background: var(--line);
    accent-color: var(--accent);
    overflow: hidden;
  }

  progress::-webkit-progress-bar {
    background: var(--line);
  }

  progress::-webkit-progress-value {
    border-radius: 1rem;
    background: var(--accent);
  }

  summary {
    width: fit-content;
    border-radius: 0.25rem;
    color: var(--ink-soft);
    font-size: 0.875rem;
    cursor: pointer;
  }

  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  @media (prefers-reduced-motion: no-preference) {
    button {
      transition: background-color 0.12s;
    }
  }
`;
