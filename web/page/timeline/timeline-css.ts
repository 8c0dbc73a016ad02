/** Owns the looks of the timeline around its messages. */
import { css } from 'lit';

export const timelineCss = css`
  :host {
    position: relative;
    display: grid;
    min-height: 0;
  }

  .scroller {
    min-height: 0;
    overflow-y: auto;
    overscroll-behavior: contain;
    scrollbar-gutter: stable;
  }

  .scroller:focus-visible {
    outline-offset: -2px;
  }

  /* Short rooms begin above the message box, as long ones end. */
  .content {
    display: flex;
    flex-direction: column;
    justify-content: end;
    min-height: 100%;
    padding-block: var(--gap);
  }

  .row {
    content-visibility: auto;
    contain-intrinsic-block-size: auto 3.5rem;
  }

  .day,
  .unread {
    display: flex;
    gap: 0.75rem;
    align-items: center;
    padding: 1rem 1rem 0.375rem;
    color: var(--ink-soft);
    font-size: 0.75rem;
    font-weight: 600;
    contain-intrinsic-block-size: auto 2.5rem;
  }

  .day::before,
  .day::after,
  .unread::before,
  .unread::after {
    flex: 1;
    height: 1px;
    background: var(--line);
    content: '';
  }

  .unread {
    color: var(--bad);
  }

  .unread::before,
  .unread::after {
    background: var(--bad);
  }

  .older {
    align-self: center;
  }

  .empty {
    padding: 3rem 1rem;
    color: var(--ink-soft);
    text-align: center;
  }

  .to-end {
    position: absolute;
    inset-block-end: 0.75rem;
    inset-inline-start: 50%;
    border-radius: 2rem;
    box-shadow: 0 2px 8px rgb(0 0 0 / 20%);
    translate: -50% 0;
  }
`;
