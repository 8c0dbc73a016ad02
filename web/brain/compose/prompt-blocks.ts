/** Owns the volatile blocks of a prompt: card, roster, social signals, date and time, and whom the new line is for. */
import type { RoleCard } from '../../../shared/persona/roles.ts';
import { addressingOf } from '../hear/addressing.ts';
import type { TurnInput, Utterance } from '../turn.ts';
import { neutralName } from './neutral-text.ts';
import type { SpeakerNames } from './speaker-names.ts';

const MOST_NAMED = 16;
/** Lines that count as "lately". */
const RECENT_LINES = 10;

const KIND_WORDS: Readonly<Record<Utterance['kind'], string>> = {
  human: 'a person',
  persona: 'a persona',
  agent: 'a program',
  unknown: 'unknown',
};

export function cardBlock(name: string, card: RoleCard): string {
  return `You are ${name}, ${card.description}. Your voice: ${card.voice}.`;
}

export function rosterBlock(input: TurnInput, selfId: string, names: SpeakerNames): string {
  const others = input.roster.filter(({ peerId }) => peerId !== selfId);
  const named = others
    .slice(0, MOST_NAMED)
    .map(({ peerId, kind }) => `${names(peerId)} (${KIND_WORDS[kind]})`);
  const more = others.length > named.length ? ` and ${others.length - named.length} more` : '';
  return `With you in the room "${neutralName(input.roomName)}": ${named.join(', ') || 'nobody seen yet'}${more}.`;
}

/** What she would notice before she speaks. Nothing here holds her back; it only says how things stand. */
export function signalsBlock(input: TurnInput, selfId: string): string {
  const lines = [...input.history, input.trigger];
  const recent = lines.slice(-RECENT_LINES);
  const byPeople = recent.filter(({ kind }) => kind === 'human').length;
  const byHer = recent.filter(({ peerId }) => peerId === selfId).length;
  const ownLast = lines.findLast(({ peerId }) => peerId === selfId);
  const spoke = ownLast
    ? `you spoke ${Math.max(0, Math.round((input.nowMs - ownLast.atMs) / 1_000))} seconds ago`
    : 'you have not spoken yet';
  return `Of the last ${recent.length} lines ${byPeople} are by people and ${byHer} by you; ${spoke}.`;
}

export function dateAndTimeBlock(nowMs: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  }).formatToParts(nowMs);
  const part = (type: Intl.DateTimeFormatPartTypes): string =>
    parts.find((other) => other.type === type)?.value ?? '';
  return `It is ${part('weekday')}, ${part('day')} ${part('month')} ${part('year')}, ${part('hour')}:${part('minute')} ${part('timeZoneName')}.`;
}

/** What code can tell of whom a line is meant for, so that a small model need not. */
export function audienceOf(trigger: Utterance, selfName: string, others: readonly string[]): string {
  const { names, everyone } = addressingOf(trigger.text, [selfName, ...others]);
  const isHer = (name: string): boolean => name.toLowerCase() === selfName.toLowerCase();
  const rest = names.filter((name) => !isHer(name)).map(neutralName);
  const called = [...(names.some(isHer) ? ['you'] : []), ...rest.slice(0, 4)];
  if (called.length > 0) return `to ${called.join(' and ')}`;
  return everyone ? 'to everyone' : 'to nobody named';
}
