/** Owns drawing one message: who, when, whether the signature holds, the text as it is, and its way into the room. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { hueOf } from '../../../shared/persona/facet.ts';
import type { TimelineItem } from '../../node/view.ts';
import { formatMoment, formatTime } from '../look/format.ts';
import { hue } from '../look/hue.ts';
import { avatar, kindWord } from '../look/person-badge.ts';
import { visibleName } from '../look/visible-name.ts';
import { troubleCard } from '../troubles/trouble-card.ts';

/** `sentTo`: the address of another program that is given what is said here. */
export function messageView(
  item: TimelineItem,
  continues: boolean,
  sentTo: string | undefined,
  retry: () => void,
): TemplateResult {
  const degrees = hueOf(item.peerId);
  return html`
    <article
      class="row message ${continues ? 'continues' : ''} ${item.self ? 'self' : ''} ${item.delivery.state}"
      ${hue(degrees)}
    >
      ${continues ? nothing : avatar(item.name, degrees)}
      <header class=${continues ? 'visually-hidden' : ''}>
        <bdi class="name">${visibleName(item.name)}</bdi>
        <span class="kind">${kindWord(item.kind, item.self)}</span>
        ${signatureMark(item.signature)}
        <time datetime=${new Date(item.atMs).toISOString()} title=${formatMoment(item.atMs)}
          >${formatTime(item.atMs)}</time
        >
      </header>
      <p class="text">${item.text}</p>
      ${
        sentTo === undefined
          ? nothing
          : html`<p
              class="delivery"
              title="The personas think there; this text is part of what they are given."
            >
              → <bdi>${sentTo}</bdi>
            </p>`
      }
      ${deliveryView(item, retry)}
    </article>
  `;
}

function signatureMark(signature: TimelineItem['signature']): TemplateResult {
  switch (signature) {
    case 'valid':
      return html`<span
        class="signature valid"
        title="Signed by the key that came with it; the signature holds."
        >signed</span
      >`;
    case 'unsigned':
      return html`<span class="signature" title="No signature: anybody on this machine can have written it."
        >unsigned</span
      >`;
    case 'invalid':
      return html`<span
        class="signature invalid"
        title="The signature does not hold: somebody else wrote this."
        >signature does not hold</span
      >`;
  }
}

function deliveryView({ delivery }: TimelineItem, retry: () => void): TemplateResult | typeof nothing {
  switch (delivery.state) {
    case 'in-room':
      return nothing;
    case 'sending':
      return html`<p class="delivery">Sending…</p>`;
    case 'failed':
      return html`<div class="delivery">
        ${troubleCard(delivery.trouble, html`<button @click=${retry}>Send again</button>`)}
      </div>`;
  }
}

export const messageCss = css`
  .message {
    position: relative;
    padding-block: 0.125rem;
    padding-inline: 3.25rem 1rem;
    overflow-wrap: anywhere;
  }

  .message:not(.continues) {
    padding-block-start: 0.625rem;
  }

  .message > .avatar {
    position: absolute;
    inset-inline-start: 0.75rem;
    inset-block-start: 0.75rem;
  }

  .message header:not(.visually-hidden) {
    display: flex;
    flex-wrap: wrap;
    gap: 0 0.5rem;
    align-items: baseline;
  }

  .name {
    color: var(--person-ink);
    font-weight: 650;
  }

  .signature,
  time {
    color: var(--ink-soft);
    font-size: 0.75rem;
  }

  .signature.valid::before {
    content: '✓ ' / '';
    color: var(--good);
  }

  .signature.invalid {
    color: var(--bad);
    font-weight: 650;
  }

  .signature.invalid::before {
    content: '⚠ ' / '';
  }

  .text {
    max-width: 46rem;
    white-space: pre-wrap;
    unicode-bidi: plaintext;
  }

  .sending .text {
    color: var(--ink-soft);
  }

  .delivery {
    max-width: 46rem;
    margin-block: 0.25rem;
    color: var(--ink-soft);
    font-size: 0.75rem;
  }
`;
