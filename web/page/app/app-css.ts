/** Owns where the parts of the page stand, on a wide and on a narrow screen. */
import { css } from 'lit';

export const appCss = css`
  :host {
    display: grid;
    grid-template:
      'header header header' auto
      'troubles troubles troubles' auto
      'rooms main aside' minmax(0, 1fr)
      'footer footer footer' auto / 13rem minmax(0, 1fr) 20rem;
    height: 100dvh;
  }

  header {
    display: flex;
    grid-area: header;
    flex-wrap: wrap;
    gap: 0.25rem 1.5rem;
    align-items: center;
    min-height: 2.75rem;
    padding: 0.25rem var(--gap);
    border-block-end: 1px solid var(--line);
    background: var(--surface);
  }

  h1 {
    margin: 0;
    font-size: 1rem;
    font-weight: 650;
  }

  header [role='note'] {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 0.75rem;
    align-items: center;
    font-size: 0.875rem;
  }

  pn-trouble-list {
    grid-area: troubles;
    min-width: 0;
  }

  nav {
    grid-area: rooms;
    overflow-y: auto;
    border-inline-end: 1px solid var(--line);
  }

  main {
    display: grid;
    grid-area: main;
    grid-template-rows: auto minmax(0, 1fr) auto;
    min-width: 0;
    min-height: 0;
  }

  aside {
    grid-area: aside;
    overflow-y: auto;
    border-inline-start: 1px solid var(--line);
    background: var(--surface);
  }

  footer {
    grid-area: footer;
    min-width: 0;
  }

  .skip {
    position: absolute;
    inset-block-start: 0.5rem;
    inset-inline-start: 0.5rem;
    z-index: 5;
    padding: 0.25rem 0.5rem;
    background: var(--surface);
    color: var(--accent);
  }

  .skip:not(:focus) {
    clip-path: inset(50%);
  }

  @media (max-width: 62rem) {
    :host {
      grid-template:
        'header' auto
        'troubles' auto
        'rooms' auto
        'main' minmax(24rem, 80dvh)
        'aside' auto
        'footer' auto / minmax(0, 1fr);
      height: auto;
      min-height: 100dvh;
    }

    nav,
    aside {
      border-inline: 0;
    }

    nav {
      border-block-end: 1px solid var(--line);
    }

    aside {
      border-block-start: 1px solid var(--line);
    }
  }
`;
