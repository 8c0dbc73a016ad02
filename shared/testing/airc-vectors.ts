/** Owns reading the recorded frames of a real daemon and the derivations beside them. */
import { readFileSync } from 'node:fs';
import { ByteList } from '../airc/cbor-encode.ts';
import type { IpcRequest } from '../airc/ipc/request.ts';
import type { IpcResponse, UnknownResponse } from '../airc/ipc/response.ts';
import type { AircEvent, Cursor, EventTarget } from '../airc/model.ts';
import type { HeaderFilter } from '../airc/header-filter.ts';

/** A frame that crossed the socket between the real command line and the real daemon. */
export interface RecordedFrame {
  readonly name: string;
  readonly dir: 'request' | 'response';
  readonly frame_hex: string;
  readonly decoded: Readonly<Record<string, unknown>>;
  readonly envelope?: unknown;
  readonly envelope_values?: readonly unknown[];
}

/** A frame made by hand; for a request or a probe, what a real daemon answered. */
export interface MadeFrame {
  readonly name: string;
  readonly dir: 'req' | 'resp' | 'probe' | 'payload';
  readonly frame_hex?: string;
  readonly answer?: { readonly kind: string; readonly message?: string };
  readonly expect?: string;
}

interface Vectors {
  readonly recorded: readonly RecordedFrame[];
  readonly vectors: readonly MadeFrame[];
  readonly extras: {
    readonly room_ids: readonly { readonly mesh: string; readonly channel: string; readonly room: string }[];
    readonly uuid_pitfall: { readonly typed: string; readonly hashed: string };
    readonly account: { readonly home: string; readonly key: string; readonly socket: string };
    readonly pipe: readonly { readonly p: string; readonly c: string; readonly pipe: string }[];
    readonly lamport: Readonly<Record<string, string>>;
    readonly chat_payload_hex: string;
    readonly binary_payload: string;
    readonly planus_env: { readonly hex: string };
    readonly google_env: { readonly hex: string };
    readonly bare: { readonly planus: string; readonly google: string };
  };
}

/** Our own file, checked by the tests that read it. */
export const VECTORS = JSON.parse(
  readFileSync(new URL('../airc/airc-wire.vectors.json', import.meta.url), 'utf8'),
) as Vectors;

export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A frame's payload without the length in front. */
export function payloadOf(frameHex: string): Uint8Array<ArrayBuffer> {
  return fromHex(frameHex).slice(4);
}

/** A decoded message in the spelling of the file: snake case, bytes as hex, variants as on the wire. */
export function wireForm(message: IpcRequest | IpcResponse | UnknownResponse): unknown {
  return plain(message);
}

/** A decoded envelope in the spelling of the file. */
export function envelopeForm(event: AircEvent): unknown {
  const { target, payload, ...rest } = event;
  return {
    ...(plain(rest) as object),
    target: { tag: target.kind },
    payload: toHex(payload),
    body_utf8: new TextDecoder().decode(payload),
  };
}

function plain(value: unknown, key = ''): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (value instanceof ByteList) return toHex(value.bytes);
  if (value instanceof Map) return Object.fromEntries(value as Map<string, string>);
  if (Array.isArray(value)) return value.map((item) => plain(item));
  if (typeof value !== 'object' || value === null) return value;
  if (key === 'target') return targetForm(value as EventTarget);
  const out: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    if (name === 'start') Object.assign(out, startForm(item as { from: string; cursor?: Cursor }));
    else if (name === 'coalesceBacklog') {
      if (item === true) out['coalesce_backlog'] = true;
    } else if (name === 'publicKey') out['pubkey_b64'] = item;
    else if (name === 'headers' && !(item instanceof Map)) out[name] = filterForm(item as HeaderFilter);
    else out[snake(name)] = plain(item, name);
  }
  return out;
}

function startForm(start: { from: string; cursor?: Cursor }): object {
  if (start.from === 'now') return { from_now: true };
  return start.cursor ? { from: plain(start.cursor) } : {};
}

function targetForm(target: EventTarget): unknown {
  if (target.kind === 'all') return 'all';
  const { kind, ...data } = target;
  return { [kind]: Object.values(data)[0] };
}

function filterForm(filter: HeaderFilter): unknown {
  switch (filter.kind) {
    case 'any':
      return 'any';
    case 'exact':
      return { exact: { key: filter.key, value: filter.value } };
    case 'prefix':
      return { prefix: { key: filter.key, value_prefix: filter.valuePrefix } };
    case 'all':
    case 'any_of':
      return { [filter.kind]: filter.filters.map(filterForm) };
  }
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
