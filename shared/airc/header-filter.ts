/** Owns the filter of an attach by headers: what it lets through, and its wire form. */
import { CborFields, type CborValue } from './cbor-encode.ts';
import type { CborItem } from './cbor-decode.ts';
import { FieldReader, listOf, malformed } from './cbor-fields.ts';

export type HeaderFilter =
  | { readonly kind: 'any' }
  | { readonly kind: 'exact'; readonly key: string; readonly value: string }
  | { readonly kind: 'prefix'; readonly key: string; readonly valuePrefix: string }
  | { readonly kind: 'all'; readonly filters: readonly HeaderFilter[] }
  | { readonly kind: 'any_of'; readonly filters: readonly HeaderFilter[] };

export const ANY_HEADERS: HeaderFilter = { kind: 'any' };

/** A missing header fits no `exact` or `prefix`; an empty `all` lets everything through, an empty `any_of` nothing. */
export function matchesHeaders(filter: HeaderFilter, headers: ReadonlyMap<string, string>): boolean {
  switch (filter.kind) {
    case 'any':
      return true;
    case 'exact':
      return headers.get(filter.key) === filter.value;
    case 'prefix':
      return headers.get(filter.key)?.startsWith(filter.valuePrefix) === true;
    case 'all':
      return filter.filters.every((one) => matchesHeaders(one, headers));
    case 'any_of':
      return filter.filters.some((one) => matchesHeaders(one, headers));
  }
}

export function encodeHeaderFilter(filter: HeaderFilter): CborValue {
  switch (filter.kind) {
    case 'any':
      return 'any';
    case 'exact':
      return variant('exact', [
        ['key', filter.key],
        ['value', filter.value],
      ]);
    case 'prefix':
      return variant('prefix', [
        ['key', filter.key],
        ['value_prefix', filter.valuePrefix],
      ]);
    case 'all':
    case 'any_of':
      return new CborFields([[filter.kind, filter.filters.map(encodeHeaderFilter)]]);
  }
}

/** Throws `FrameMalformed`. Nesting is bounded by the CBOR reader. */
export function decodeHeaderFilter(item: CborItem, name = 'the header filter'): HeaderFilter {
  if (item === 'any') return ANY_HEADERS;
  const { name: kind, value } = new FieldReader(item, name).variant();
  switch (kind) {
    case 'exact': {
      const fields = new FieldReader(value, name);
      return { kind, key: fields.text('key'), value: fields.text('value') };
    }
    case 'prefix': {
      const fields = new FieldReader(value, name);
      return { kind, key: fields.text('key'), valuePrefix: fields.text('value_prefix') };
    }
    case 'all':
    case 'any_of':
      return { kind, filters: listOf(value, decodeHeaderFilter, name) };
    default:
      throw malformed(`${name} has no variant "${kind}"`);
  }
}

function variant(kind: string, fields: readonly (readonly [string, string])[]): CborFields {
  return new CborFields([[kind, new CborFields(fields)]]);
}
