/** Owns reading the FlatBuffers envelope of an airc event, field by field from the layout of the format. */

const KINDS = ['message', 'event', 'command', 'command_result', 'signal', 'stream_chunk', 'control'];
const DELIVERIES = ['durable', 'ephemeral_latest', 'ephemeral_window', 'request_response', 'stream_chunk'];

/** @param {readonly number[]} integers the envelope as it stands in a response */
export function readEnvelope(integers) {
  const bytes = Buffer.from(integers);
  const field = tableAt(bytes, bytes.readUInt32LE(0));
  return {
    event_id: required('event_id', uuidAt(bytes, field(0))),
    channel: required('channel', uuidAt(bytes, field(1))),
    peer_id: required('peer_id', uuidAt(bytes, field(2))),
    client_id: required('client_id', uuidAt(bytes, field(3))),
    kind: required('kind', KINDS[byteAt(bytes, field(4))]),
    delivery: required('delivery', DELIVERIES[byteAt(bytes, field(5))]),
    epoch: longAt(bytes, field(6)),
    counter: longAt(bytes, field(7)),
    occurred_at_ms: longAt(bytes, field(8)),
    headers: headersAt(bytes, field(15)),
    payload: required('payload', vectorAt(bytes, field(16))),
  };
}

/** The chat text of a payload: `{"kind":"json","value":{"text":…}}`, or the older form with the text itself as value. */
export function chatTextOf(payload) {
  try {
    const body = JSON.parse(payload.toString('utf8'));
    const text = typeof body.value === 'string' ? body.value : body.value.text;
    return body.kind === 'json' && typeof text === 'string' ? text : undefined;
  } catch {
    // Not every payload is a body; this one has no text.
    return undefined;
  }
}

export function uuidText(bytes) {
  const hex = Buffer.from(bytes).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Where the field with this number lies; undefined when the table does not have it. */
function tableAt(bytes, table) {
  const vtable = table - bytes.readInt32LE(table);
  const vtableSize = bytes.readUInt16LE(vtable);
  return (number) => {
    const slot = 4 + 2 * number;
    const offset = slot < vtableSize ? bytes.readUInt16LE(vtable + slot) : 0;
    return offset === 0 ? undefined : table + offset;
  };
}

function byteAt(bytes, at) {
  return at === undefined ? 0 : bytes.readUInt8(at);
}

function longAt(bytes, at) {
  return at === undefined ? 0 : Number(bytes.readBigUInt64LE(at));
}

/** Two halves, each of them little-endian. */
function uuidAt(bytes, at) {
  if (at === undefined) return undefined;
  const halves = [0, 8].map((half) => Buffer.from(bytes.subarray(at + half, at + half + 8)).reverse());
  return uuidText(Buffer.concat(halves));
}

function vectorAt(bytes, at) {
  if (at === undefined) return undefined;
  const start = at + bytes.readUInt32LE(at);
  const length = bytes.readUInt32LE(start);
  if (start + 4 + length > bytes.length) throw new Error('A vector of the envelope ends outside of it.');
  return bytes.subarray(start + 4, start + 4 + length);
}

function headersAt(bytes, at) {
  if (at === undefined) return {};
  const start = at + bytes.readUInt32LE(at);
  const entries = Array.from({ length: bytes.readUInt32LE(start) }, (_, index) => {
    const element = start + 4 + 4 * index;
    const field = tableAt(bytes, element + bytes.readUInt32LE(element));
    const key = required('header key', vectorAt(bytes, field(0)));
    return [key.toString('utf8'), (vectorAt(bytes, field(1)) ?? '').toString('utf8')];
  });
  return Object.fromEntries(entries);
}

function required(name, value) {
  if (value === undefined) throw new Error(`The envelope has no ${name} that can be read.`);
  return value;
}
