/** Owns turns for tests of the brain: lines and inputs with everything that a test does not care about. */
import type { TurnInput, Utterance } from '../../web/brain/turn.ts';
import { VIRTUAL_EPOCH_MS } from './virtual-clock.ts';

const pad = (value: number): string => String(value).padStart(12, '0');

/** The same name is the same peer. */
export function peerIdOf(name: string): string {
  const hex = Array.from(name, (char) => char.charCodeAt(0).toString(16)).join('');
  return `${hex.padEnd(8, '0').slice(0, 8)}-0000-4000-8000-${hex.padStart(12, '0').slice(-12)}`;
}

/** Line `n` of a room, a second after the one before. */
export function line(n: number, name: string, text: string, more: Partial<Utterance> = {}): Utterance {
  return {
    eventId: `e0e0e0e0-0000-4000-8000-${pad(n)}`,
    peerId: peerIdOf(name),
    name,
    kind: 'human',
    signed: true,
    text,
    atMs: VIRTUAL_EPOCH_MS + n * 1_000,
    ...more,
  };
}

export function personaLine(n: number, name: string, text: string, more: Partial<Utterance> = {}): Utterance {
  return line(n, name, text, { kind: 'persona', ...more });
}

/** Maya's turn. */
export function turnInput(
  history: readonly Utterance[],
  trigger: Utterance,
  more: Partial<TurnInput> = {},
): TurnInput {
  const roster = new Map(
    [...history, trigger].map(({ peerId, name, kind }) => [peerId, { peerId, name, kind }]),
  );
  return {
    turnId: `10000000-0000-4000-8000-${pad(history.length)}`,
    channel: 'c0c0c0c0-0000-4000-8000-000000000001',
    roomName: 'general',
    trigger,
    coveredEventIds: [],
    history,
    talk: [...history, trigger],
    memories: [],
    roster: [...roster.values()],
    nowMs: trigger.atMs + 1_000,
    ...more,
  };
}
