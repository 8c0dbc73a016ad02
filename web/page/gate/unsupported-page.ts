/**
 * Owns what a browser shows that cannot run the product. Plain DOM calls only: what the views are made with may be just
 * what is missing here.
 */
import { NEXT_STEP } from '../../../shared/errors.ts';

/** Replaces the content of `place`, and says the same in the console. */
export function showUnsupported(place: Element, missing: readonly string[]): void {
  const cause = `This browser lacks ${missing.join(', ')}.`;
  const nextStep = NEXT_STEP.BrowserUnsupported;
  place.replaceChildren(
    line('h1', 'This browser cannot run Persona Node'),
    line('p', cause),
    line('p', nextStep, 'next'),
    line('p', 'Your personas are untouched: they live in the browser that made them. (BrowserUnsupported)'),
  );
  console.error(`BrowserUnsupported: ${cause} Next: ${nextStep}`);
}

function line(tag: 'h1' | 'p', text: string, className = ''): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}
