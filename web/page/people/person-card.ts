/** Owns drawing one person of the room: who they are, and for a persona of this node what she is doing. */
import { css, html, nothing, type TemplateResult } from 'lit';
import type { PersonView } from '../../node/view.ts';
import { hue } from '../look/hue.ts';
import { avatar, kindWord } from '../look/person-badge.ts';
import { progressBar } from '../look/progress-bar.ts';
import { visibleName } from '../look/visible-name.ts';
import { troubleCard } from '../troubles/trouble-card.ts';
import { stateWords, type StateWords } from './state-words.ts';

export function personCard(person: PersonView, setAsleep: (asleep: boolean) => void): TemplateResult {
  const name = visibleName(person.name);
  const words = person.state && stateWords(person.state);
  return html`
    <li class="person" ${hue(person.hue)}>
      ${avatar(person.name, person.hue)}
      <div class="who">
        <p class="names" title="Peer id ${person.peerId}">
          <bdi class="name">${name}</bdi>
          <span class="kind">${kindWord(person.kind, person.self)}</span>
        </p>
        ${person.kind === 'persona' && person.role ? html`<p class="role" dir="auto">${visibleName(person.role)}</p>` : nothing}
        ${words ? stateView(words, name) : nothing}
      </div>
      ${person.state ? sleepButton(person.state.kind === 'asleep', name, setAsleep) : nothing}
    </li>
  `;
}

function stateView(words: StateWords, name: string): TemplateResult {
  return html`
    <p class="state ${words.tone}">
      <span class="word">${words.word}</span>
      ${words.detail === undefined ? nothing : html`<span class="detail" dir="auto">${words.detail}</span>`}
    </p>
    ${words.progress ? progressBar(words.progress, `${name}: ${words.progress.what}`) : nothing}
    ${words.text ? html`<p class="text">${words.text}</p>` : nothing}
    ${words.trouble ? troubleCard(words.trouble) : nothing}
  `;
}

function sleepButton(isAsleep: boolean, name: string, setAsleep: (asleep: boolean) => void): TemplateResult {
  return html`<button
    class="sleep"
    aria-label=${isAsleep ? `Wake ${name}` : `Put ${name} to sleep`}
    @click=${() => {
      setAsleep(!isAsleep);
    }}
  >
    ${isAsleep ? 'Wake' : 'Sleep'}
  </button>`;
}

export const personCss = css`
  .person {
    display: flex;
    gap: 0.625rem;
    align-items: start;
    padding: 0.5rem 0;
  }

  .who {
    flex: 1;
    min-width: 0;
    overflow-wrap: anywhere;
  }

  .names {
    display: flex;
    flex-wrap: wrap;
    gap: 0 0.5rem;
    align-items: baseline;
  }

  .person .names .name {
    color: var(--person-ink);
    font-weight: 650;
  }

  .role,
  .state {
    font-size: 0.8125rem;
    line-height: 1.4;
  }

  .role,
  .detail {
    color: var(--ink-soft);
  }

  .word {
    font-weight: 650;
  }

  .word::before {
    display: inline-block;
    width: 0.5rem;
    height: 0.5rem;
    margin-inline-end: 0.3125rem;
    border-radius: 50%;
    background: currentcolor;
    content: '';
  }

  .calm .word {
    color: var(--good);
  }

  .busy .word {
    color: var(--busy);
  }

  .quiet .word {
    color: var(--ink-soft);
  }

  .bad .word {
    color: var(--bad);
  }

  .person progress {
    margin-block: 0.375rem;
  }

  .person .text {
    display: -webkit-box;
    margin-block-start: 0.25rem;
    padding-inline-start: 0.5rem;
    border-inline-start: 2px solid var(--person-ground);
    color: var(--ink-soft);
    font-size: 0.8125rem;
    overflow: hidden;
    white-space: pre-wrap;
    unicode-bidi: plaintext;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 4;
  }

  .person .trouble {
    margin-block-start: 0.375rem;
  }

  .sleep {
    min-height: 1.75rem;
    padding: 0.125rem 0.5rem;
    font-size: 0.75rem;
  }
`;
