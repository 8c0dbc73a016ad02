/** Owns giving an element a person's colour: through the object model, since the policy refuses style attributes. */
import { noChange } from 'lit';
import { Directive, directive, PartType, type ElementPart, type PartInfo } from 'lit/directive.js';

class HueDirective extends Directive {
  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ELEMENT) throw new TypeError('hue() stands where an attribute would.');
  }

  override update(part: ElementPart, [degrees]: [number]): typeof noChange {
    // Templates of the page hold HTML elements only where this is used.
    const element = part.element as HTMLElement;
    element.style.setProperty('--hue', String(degrees));
    element.dataset['hued'] = '';
    return noChange;
  }

  render(_degrees: number): typeof noChange {
    return noChange;
  }
}

/** Gives the element it stands in `--hue`, 0 to 359, and the mark `data-hued`: `<li ${hue(210)}>`. */
export const hue = directive(HueDirective);
