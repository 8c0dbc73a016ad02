/** Owns what a training room is made of: who is there, what was said, what they told, and what is held out. */
import type { RoleCard } from '../../../../shared/persona/roles.ts';
import type { SeededRandom } from '../../../../shared/testing/seeded-random.ts';
import type { TurnInput, Utterance } from '../../../../web/brain/turn.ts';
import { drawName, drawNames } from './names.ts';
import type { PhraseUse } from './phrase.ts';
import { drawRoleCard } from './role-cards.ts';
import { COLOURS, drawFact, FOODS, HOUSES, PETS, type Fact } from './values.ts';

/** Which sides the parts of a room are drawn from. Training has none of them held out. */
export interface HeldOut {
  readonly names: boolean;
  readonly roles: boolean;
  readonly values: boolean;
  /** Of the line that is judged; the lines before it never use held-out templates. */
  readonly phrases: PhraseUse;
}

export const TRAINED: HeldOut = { names: false, roles: false, values: false, phrases: 'trained' };

export interface Peer {
  readonly peerId: string;
  readonly name: string;
  readonly kind: Utterance['kind'];
  /** Personas only. */
  readonly card?: RoleCard;
}

/** What she shall do, and how an answer is judged. */
export interface Expected {
  readonly speak: boolean;
  /** What she says, or why she is silent. */
  readonly text: string;
  readonly required: readonly string[];
  readonly forbidden: readonly string[];
}

/** One turn of one persona: what the brain is given, and what is right. */
export interface Turn {
  readonly kind: string;
  readonly input: TurnInput;
  readonly self: { readonly peerId: string; readonly name: string };
  readonly card: RoleCard;
  readonly timeZone: string;
  readonly expected: Expected;
}

export interface Scene {
  readonly random: SeededRandom;
  readonly heldOut: HeldOut;
  readonly roomName: string;
  readonly timeZone: string;
  readonly people: readonly Peer[];
  readonly personas: readonly Peer[];
  readonly machines: readonly Peer[];
  readonly memories: readonly string[];
  readonly lines: Utterance[];
  /** By peer id: the name they gave themselves last. */
  readonly told: Map<string, string>;
  /** By peer id, then thing. */
  readonly facts: Map<string, Map<string, string>>;
  clockMs: number;
}

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'Europe/London',
  'America/New_York',
  'Asia/Tokyo',
  'Asia/Kolkata',
  'Australia/Sydney',
];
const ROOMS =
  'general lobby kitchen garden office lounge studio workshop library family team dev ops news help random'.split(
    ' ',
  );
const EPOCH_MS = Date.UTC(2025, 0, 1);
const YEARS_MS = 4 * 365 * 86_400_000;

/** How many people, and how many personas beside her, to draw from. */
const COMPANY = {
  few: { people: [1, 1, 1, 2], personas: [0, 0, 1] },
  some: { people: [1, 1, 1, 2, 2, 3], personas: [0, 0, 0, 1, 1, 2] },
  many: { people: [2, 2, 3, 3, 4], personas: [0, 0, 1, 1, 2] },
} as const;

export function newScene(random: SeededRandom, heldOut: HeldOut, company: keyof typeof COMPANY): Scene {
  const peopleCount = random.pick(COMPANY[company].people);
  const personaCount = 1 + random.pick(COMPANY[company].personas);
  const machineCount = random.chance(0.12) ? 1 : 0;
  const names = drawNames(random, peopleCount + personaCount + machineCount, heldOut.names);
  const next = (kind: Utterance['kind']): Peer => {
    const name = names.pop() ?? '';
    const peerId = uuid(random);
    if (kind === 'persona') return { peerId, name, kind, card: drawRoleCard(random, heldOut.roles) };
    if (kind === 'human' && random.chance(0.05)) return { peerId, name: `peer-${peerId.slice(0, 8)}`, kind };
    if (kind === 'agent' && random.chance(0.5))
      return { peerId, name: `${name.toLowerCase()}-${random.pick(['bot', 'agent', 'ci'])}`, kind };
    return { peerId, name, kind };
  };
  const many = (count: number, kind: Utterance['kind']): Peer[] =>
    Array.from({ length: count }, () => next(kind));
  const people = many(peopleCount, 'human');
  const facts = new Map<string, Map<string, string>>();
  const memories: string[] = [];
  if (random.chance(0.3))
    for (let count = random.between(1, 4); count > 0; count -= 1) {
      const owner = random.pick(people);
      const fact = newFact(random, heldOut, facts.get(owner.peerId));
      if (!fact) continue;
      remember(facts, owner, fact);
      memories.push(memoryLine(random, owner, fact));
    }
  return {
    random,
    heldOut,
    roomName: roomName(random, heldOut),
    timeZone: random.pick(ZONES),
    people,
    personas: many(personaCount, 'persona'),
    machines: many(machineCount, 'agent'),
    memories,
    lines: [],
    told: new Map(),
    facts,
    clockMs: EPOCH_MS + Math.floor(random.next() * YEARS_MS),
  };
}

function roomName(random: SeededRandom, heldOut: HeldOut): string {
  if (random.chance(heldOut.values ? 0 : 0.2)) return 'general';
  // Words of every kind, so that a room's name is read and not guessed.
  if (!heldOut.values && random.chance(0.6)) return coinedRoomName(random);
  if (random.chance(0.5)) return random.pick(ROOMS);
  return random.chance(0.5)
    ? drawName(random, heldOut.names).toLowerCase()
    : `${random.pick([...FOODS, ...HOUSES])}-${random.pick(ROOMS)}`;
}

function coinedRoomName(random: SeededRandom): string {
  const word = (): string =>
    random.pick([
      () => drawName(random, false).toLowerCase(),
      () => random.pick([...FOODS, ...HOUSES, ...ROOMS, ...COLOURS, ...PETS]),
    ])();
  return [word(), ...(random.chance(0.6) ? [word()] : [])].join(random.pick(['-', '-', ' ', '_']));
}

function memoryLine(random: SeededRandom, { name }: Peer, { thing, value }: Fact): string {
  return random.pick([
    `${name} said: my ${thing} is ${value}`,
    `${name}'s ${thing} is ${value}`,
    `${name}: ${thing} = ${value}`,
    `The ${thing} of ${name} is ${value}.`,
  ]);
}

/** A fact the peer has not told yet. */
export function newFact(
  random: SeededRandom,
  heldOut: HeldOut,
  known: ReadonlyMap<string, string> | undefined,
): Fact | undefined {
  const fact = drawFact(random, heldOut.values);
  return known?.has(fact.thing) ? undefined : fact;
}

export function remember(facts: Scene['facts'], owner: Peer, { thing, value }: Fact): void {
  const own = facts.get(owner.peerId) ?? new Map<string, string>();
  facts.set(owner.peerId, own.set(thing, value));
}

export function utterance(scene: Scene, { peerId, name, kind }: Peer, text: string): Utterance {
  return {
    eventId: uuid(scene.random),
    peerId,
    name,
    kind,
    signed: kind !== 'human' || scene.random.chance(0.8),
    text,
    atMs: scene.clockMs,
  };
}

/** How she calls somebody: by the name they told, else as the room shows them; nothing for a bare peer id. */
export function callName(scene: Scene, peer: Peer): string | undefined {
  const told = scene.told.get(peer.peerId);
  if (told !== undefined) return told;
  return peer.name.startsWith('peer-') ? undefined : peer.name;
}

export function uuid(random: SeededRandom): string {
  const hex = Array.from(random.bytes(16), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}
