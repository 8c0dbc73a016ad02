/** Owns reading what the companion sends: size first, then JSON, then the schema. */
import * as v from 'valibot';
import { MAX_MESSAGE_BYTES } from '../../../shared/bridge/limits.ts';
import { DownMessageSchema, type DownMessage } from '../../../shared/bridge/protocol.ts';

/** Undefined for whatever is not a message of the protocol. */
export function parseDown(text: string): DownMessage | undefined {
  // UTF-16 units: never more than the bytes that the limit counts.
  if (text.length > MAX_MESSAGE_BYTES) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(DownMessageSchema, value);
  return parsed.success ? parsed.output : undefined;
}
