/** Owns a shape as GBNF: what it lets through is JSON of that shape, without blanks, but for the range of numbers. */
import { DEFAULT_ITEMS, DEFAULT_STRING_CHARS, type ObjectShape, type Shape } from './shape.ts';

/** Rules by name; `add` gives a shape a rule and returns its name. */
export class ShapeGrammar {
  readonly #rules = new Map<string, string>([
    // Without control characters, and with the escapes that need no second thought.
    ['char', String.raw`[^"\\\x00-\x1f\x7f] | "\\" ["\\/nt]`],
  ]);

  add(shape: Shape): string {
    const name = `shape-${this.#rules.size}`;
    // The place is taken before the parts take theirs.
    this.#rules.set(name, '');
    this.#rules.set(name, this.#body(shape));
    return name;
  }

  /** With `root` as the first rule. */
  text(root: string): string {
    return [`root ::= ${root}`, ...[...this.#rules].map(([name, body]) => `${name} ::= ${body}`)].join('\n');
  }

  #body(shape: Shape): string {
    switch (shape.type) {
      case 'string':
        if (shape.enum) return shape.enum.map((value) => quoted(JSON.stringify(value))).join(' | ');
        return String.raw`"\"" char{0,${shape.maxLength ?? DEFAULT_STRING_CHARS}} "\""`;
      case 'integer':
        return String.raw`"-"? ("0" | [1-9] [0-9]{0,14})`;
      case 'number':
        return String.raw`"-"? ("0" | [1-9] [0-9]{0,14}) ("." [0-9]{1,9})?`;
      case 'boolean':
        return '"true" | "false"';
      case 'array': {
        const item = this.add(shape.items);
        return String.raw`"[" (${item} ("," ${item}){0,${(shape.maxItems ?? DEFAULT_ITEMS) - 1}})? "]"`;
      }
      case 'object':
        return this.#object(shape);
    }
  }

  /** Those that must be there first, each in the order in which they are described. */
  #object({ properties, required = [] }: ObjectShape): string {
    const member = ([name, shape]: [string, Shape]): string =>
      `${quoted(`${JSON.stringify(name)}:`)} ${this.add(shape)}`;
    const entries = Object.entries(properties);
    const needed = entries.filter(([name]) => required.includes(name)).map(member);
    const optional = entries.filter(([name]) => !required.includes(name)).map(member);
    const rest = optional.map((each) => `("," ${each})?`);
    if (needed.length > 0) return ['"{"', [...needed].join(' "," '), ...rest, '"}"'].join(' ');
    if (optional.length === 0) return '"{}"';
    // Whichever is there first has no comma before it.
    const starts = optional.map((each, at) => [each, ...rest.slice(at + 1)].join(' '));
    return `"{" (${starts.join(' | ')})? "}"`;
  }
}

/** A literal of GBNF. */
export function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
