import { expect, it } from 'vitest';
import { decodeCbor } from './cbor-decode.ts';
import { encodeCbor } from './cbor-encode.ts';
import {
  decodeHeaderFilter,
  encodeHeaderFilter,
  matchesHeaders,
  type HeaderFilter,
} from './header-filter.ts';

const exact: HeaderFilter = { kind: 'exact', key: 'a', value: '1' };
const prefix: HeaderFilter = { kind: 'prefix', key: 'b', valuePrefix: 'x.' };

it.each<[HeaderFilter, [string, string][], boolean]>([
  [{ kind: 'any' }, [], true],
  [exact, [['a', '1']], true],
  [exact, [['a', '10']], false],
  [exact, [], false],
  [prefix, [['b', 'x.y']], true],
  [prefix, [['b', 'y']], false],
  [prefix, [], false],
  [{ kind: 'all', filters: [] }, [], true],
  [{ kind: 'any_of', filters: [] }, [['a', '1']], false],
  [{ kind: 'all', filters: [exact, prefix] }, [['a', '1']], false],
  [{ kind: 'any_of', filters: [exact, prefix] }, [['a', '1']], true],
  [{ kind: 'any_of', filters: [{ kind: 'all', filters: [] }] }, [], true],
])('%j on %j is %s, also after the wire', (filter, headers, matches) => {
  const read = decodeHeaderFilter(decodeCbor(encodeCbor(encodeHeaderFilter(filter))));
  expect(read).toEqual(filter);
  expect(matchesHeaders(read, new Map(headers))).toBe(matches);
});
