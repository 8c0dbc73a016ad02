/** Owns the part of JSON Schema that a tool's arguments may be described with, and whether a value has such a shape. */
import * as v from 'valibot';

/** The bounds that hold where a shape names none: every form has to close within a known number of tokens. */
export const DEFAULT_STRING_CHARS = 200;
export const DEFAULT_ITEMS = 8;
/** Of a tool's arguments, the outermost object counted. */
const MAX_DEPTH = 4;
const MAX_STRING_CHARS = 1_000;
const MAX_ITEMS = 32;
const MAX_PROPERTIES = 16;
/** Shapes within shapes: of each the model reads a line, and the grammar has a rule. */
const MAX_PARTS = 48;

interface Described {
  readonly description?: string | undefined;
}

export type Shape = Described &
  (
    | {
        readonly type: 'string';
        readonly maxLength?: number | undefined;
        readonly enum?: readonly string[] | undefined;
      }
    | {
        readonly type: 'integer' | 'number';
        readonly minimum?: number | undefined;
        readonly maximum?: number | undefined;
      }
    | { readonly type: 'boolean' }
    | { readonly type: 'array'; readonly items: Shape; readonly maxItems?: number | undefined }
    | ObjectShape
  );

/** Nothing beside the named properties may be in it; those that are not `required` may be left out. */
export interface ObjectShape extends Described {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[] | undefined;
}

const PropertyNameSchema = v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/));
const described = { description: v.optional(v.pipe(v.string(), v.maxLength(1_000))) };
const CountSchema = v.pipe(v.number(), v.integer(), v.minValue(1));

function shapeWithin(depth: number): v.GenericSchema<unknown, Shape> {
  const flat = [
    v.strictObject({
      ...described,
      type: v.literal('string'),
      maxLength: v.optional(v.pipe(CountSchema, v.maxValue(MAX_STRING_CHARS))),
      enum: v.optional(
        v.pipe(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(64))), v.minLength(1), v.maxLength(32)),
      ),
    }),
    v.pipe(
      v.strictObject({
        ...described,
        type: v.picklist(['integer', 'number']),
        minimum: v.optional(v.number()),
        maximum: v.optional(v.number()),
      }),
      v.check(
        ({ minimum = -Infinity, maximum = Infinity }) => minimum <= maximum,
        'no number is in this range',
      ),
    ),
    v.strictObject({ ...described, type: v.literal('boolean') }),
  ] as const;
  if (depth <= 1) return v.variant('type', [...flat]);
  const inner = shapeWithin(depth - 1);
  return v.variant('type', [
    ...flat,
    v.strictObject({
      ...described,
      type: v.literal('array'),
      items: inner,
      maxItems: v.optional(v.pipe(CountSchema, v.maxValue(MAX_ITEMS))),
    }),
    objectWithin(inner),
  ]);
}

function objectWithin(inner: v.GenericSchema<unknown, Shape>) {
  return v.strictObject({
    ...described,
    type: v.literal('object'),
    properties: v.pipe(
      v.unknown(),
      // Valibot drops the likes of `constructor` from a record without a word.
      v.check((properties) => namesOf(properties).every((name) => !(name in {})), 'a name every object has'),
      v.record(PropertyNameSchema, inner),
      v.check((properties) => Object.keys(properties).length <= MAX_PROPERTIES, 'too many properties'),
    ),
    required: v.optional(v.pipe(v.array(PropertyNameSchema), v.maxLength(MAX_PROPERTIES))),
  });
}

function namesOf(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}

/** Of a tool's arguments. */
export const ArgumentsShapeSchema = v.pipe(
  objectWithin(shapeWithin(MAX_DEPTH - 1)),
  v.check(
    ({ properties, required = [] }) => required.every((name) => Object.hasOwn(properties, name)),
    'a required property is not described',
  ),
  v.check((shape) => partsOf(shape) <= MAX_PARTS, 'too large'),
);

function partsOf(shape: Shape): number {
  if (shape.type === 'array') return 1 + partsOf(shape.items);
  if (shape.type !== 'object') return 1;
  return Object.values(shape.properties).reduce((sum, inner) => sum + partsOf(inner), 1);
}

/** As JSON Schema for engines behind servers: the same bounds, those that go without saying among them. */
export function jsonSchemaOf(shape: Shape): Record<string, unknown> {
  switch (shape.type) {
    case 'string':
      return shape.enum ? { ...shape } : { ...shape, maxLength: shape.maxLength ?? DEFAULT_STRING_CHARS };
    case 'array':
      return { ...shape, items: jsonSchemaOf(shape.items), maxItems: shape.maxItems ?? DEFAULT_ITEMS };
    case 'object': {
      const properties = Object.entries(shape.properties).map(([name, inner]) => [name, jsonSchemaOf(inner)]);
      return { ...shape, properties: Object.fromEntries(properties), additionalProperties: false };
    }
    default:
      return { ...shape };
  }
}

/** What of a value does not fit, in words for a log or a model; undefined when all of it fits. */
export function misfit(value: unknown, shape: Shape, path = 'arguments'): string | undefined {
  switch (shape.type) {
    case 'string': {
      const { maxLength = DEFAULT_STRING_CHARS } = shape;
      if (typeof value !== 'string') return `${path} is no string`;
      if (shape.enum) return shape.enum.includes(value) ? undefined : `${path} is none of its values`;
      // As the grammar counts: code points.
      return Array.from(value).length > maxLength
        ? `${path} is longer than ${maxLength} characters`
        : undefined;
    }
    case 'integer':
    case 'number': {
      const { minimum = -Infinity, maximum = Infinity } = shape;
      const isRight = shape.type === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value);
      if (typeof value !== 'number' || !isRight) return `${path} is no ${shape.type}`;
      return value < minimum || value > maximum ? `${path} is out of its range` : undefined;
    }
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `${path} is no boolean`;
    case 'array': {
      const { maxItems = DEFAULT_ITEMS } = shape;
      if (!Array.isArray(value)) return `${path} is no list`;
      if (value.length > maxItems) return `${path} has more than ${maxItems} items`;
      return first(value.map((item, at) => () => misfit(item, shape.items, `${path}[${at}]`)));
    }
    case 'object': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${path} is no object`;
      const given = new Map<string, unknown>(Object.entries(value));
      const unknown = [...given.keys()].find((name) => !Object.hasOwn(shape.properties, name));
      if (unknown !== undefined) return `${path} has "${unknown}", which is not described`;
      const missing = (shape.required ?? []).find((name) => !given.has(name));
      if (missing !== undefined) return `${path} lacks "${missing}"`;
      return first(
        Object.entries(shape.properties)
          .filter(([name]) => given.has(name))
          .map(
            ([name, inner]) =>
              () =>
                misfit(given.get(name), inner, `${path}.${name}`),
          ),
      );
    }
  }
}

function first(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const problem = check();
    if (problem !== undefined) return problem;
  }
  return undefined;
}
