/** Owns reading what a page sends: size first, then JSON, then the schema. */
import * as v from 'valibot';
import { MAX_MESSAGE_BYTES } from '../../shared/bridge/limits.ts';
import { UpMessageSchema, type UpMessage } from '../../shared/bridge/protocol.ts';

/** Undefined for whatever is not a message of the protocol. */
export function parseUp(text: string): UpMessage | undefined {
  // UTF-16 units: never more than the bytes that the limit counts.
  if (text.length > MAX_MESSAGE_BYTES) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const parsed = v.safeParse(UpMessageSchema, value);
  return parsed.success ? parsed.output : undefined;
}
