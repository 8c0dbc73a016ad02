/** Owns who is called what in a prompt: one name, one peer. Her own name is hers alone. */
import type { Uuid } from '../../../shared/airc/model.ts';
import { neutralName } from './neutral-text.ts';

/** Words of the prompt's frame: nobody may speak under them. */
const RESERVED: ReadonlySet<string> = new Set(['system', 'assistant', 'user', 'you', 'memory', 'room']);

export type SpeakerNames = (peerId: Uuid) => string;

/**
 * Names for everybody given. Whoever shares a name with her, with another peer or with the frame of the prompt gets the
 * beginning of the peer id behind it; names that only look alike (case, width, marks) count as shared.
 */
export function speakerNames(
  self: { readonly peerId: Uuid; readonly name: string },
  others: Iterable<{ readonly peerId: Uuid; readonly name: string }>,
): SpeakerNames {
  const names = new Map<Uuid, string>();
  for (const { peerId, name } of others) names.set(peerId, neutralName(name));
  names.set(self.peerId, neutralName(self.name));
  const bearers = new Map<string, Set<Uuid>>();
  for (const [peerId, name] of names) {
    const same = bearers.get(skeleton(name)) ?? new Set();
    bearers.set(skeleton(name), same.add(peerId));
  }
  const shown = new Map<Uuid, string>();
  for (const [peerId, name] of names) {
    const isShared = (bearers.get(skeleton(name))?.size ?? 0) > 1 || RESERVED.has(skeleton(name));
    shown.set(peerId, isShared && peerId !== self.peerId ? `${name}#${peerId.slice(0, 4)}` : name);
  }
  return (peerId) => shown.get(peerId) ?? `peer-${peerId.slice(0, 8)}`;
}

function skeleton(name: string): string {
  return name
    .normalize('NFKD')
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
    .toLowerCase();
}
