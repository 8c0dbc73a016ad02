/** Owns the course of one training room: line after line, and at some of them the turns of a persona, each with variants. */
import type { SeededRandom } from '../../../../shared/testing/seeded-random.ts';
import type { TurnInput, Utterance } from '../../../../web/brain/turn.ts';
import { REASONS, UNKNOWN } from '../facts.ts';
import { asking } from './asking.ts';
import { nowMsOf, type Asking, type AskingKind } from './draw.ts';
import { drawKind, drawLineKind } from './mix.ts';
import { drawName } from './names.ts';
import type { PhraseUse } from './phrase.ts';
import { spokenRole } from './role-cards.ts';
import {
  callName,
  newScene,
  remember,
  utterance,
  uuid,
  type Expected,
  type HeldOut,
  type Peer,
  type Scene,
  type Turn,
} from './scene.ts';
import { capitalOrNot, ended, saidTo } from './surface.ts';

export interface RoomShape {
  readonly lines: number;
  /** Drawn at the end of the lines, for one persona and one speaker. */
  readonly turns: number;
  readonly people: 'few' | 'some' | 'many';
  /** Most turns ask whose name is whose. */
  readonly isAboutNames: boolean;
}

export type Audience = 'nobody' | 'her' | 'other' | 'both' | 'everyone';

/** The brain drops lines beyond this; what they told would be asked in vain. */
const MOST_CHARS = 2_900;
export interface Said {
  readonly speaker: Peer;
  readonly text: string;
  readonly audience: Audience;
  readonly asking: Asking;
  readonly expected: Expected;
  readonly calledName: string | undefined;
}

/** A room with its turns. Without `kinds` they are drawn by weight. */
export function drawRoom(
  random: SeededRandom,
  heldOut: HeldOut,
  shape: RoomShape,
  kinds?: readonly AskingKind[],
): Turn[] {
  const scene = newScene(random, heldOut, shape.people);
  for (let at = 0; ; at += 1) {
    scene.clockMs += random.between(4, random.chance(0.1) ? 3_000 : 90) * 1_000;
    const self = random.pick(scene.personas);
    if (at >= shape.lines || charsOf(scene) > MOST_CHARS) return turnsAt(scene, self, shape, kinds);
    addLine(scene, self, shape);
  }
}

function charsOf({ lines }: Scene): number {
  return lines.reduce((sum, { name, text }) => sum + name.length + text.length + 3, 0);
}

function turnsAt(
  scene: Scene,
  self: Peer,
  { turns: count, isAboutNames }: RoomShape,
  kinds: readonly AskingKind[] | undefined,
): Turn[] {
  const { random } = scene;
  const turns: Turn[] = [];
  const first = drawSpeaker(scene, self);
  // Turns of one room share a prompt up to the new line; who has spoken before changes nothing in it.
  const speakers = [
    first,
    ...scene.people.filter((peer) => hasSpoken(scene, first) && hasSpoken(scene, peer)),
  ];
  while (turns.length < count) {
    const speaker = first.kind === 'human' && count > 1 ? random.pick(speakers) : first;
    const kind = kinds ? random.pick(kinds) : drawKind(random, isAboutNames);
    const asked = asking(kind, scene, self, speaker, scene.heldOut.phrases);
    // Whoever asks for a name has mostly told it.
    if (!kinds && asked?.answer.startsWith('You have not told me.') && random.chance(0.4)) continue;
    if (!asked) {
      if (kinds) break;
      continue;
    }
    // The same words to her, to another, to nobody: only whom they are for makes the difference.
    const audiences: readonly Audience[] =
      !kinds && random.chance(0.2) ? ['nobody', 'her', 'other'] : [drawAudience(random, asked)];
    for (const audience of audiences) {
      const said = say(scene, self, speaker, asked, audience);
      if (said) turns.push(turnOf(scene, self, said));
    }
    if (kinds) break;
  }
  return turns;
}

function hasSpoken({ lines }: Scene, { peerId }: Peer): boolean {
  return lines.some((line) => line.peerId === peerId);
}

/** One more line of the room, and what it leads to: her answer, or another's. */
function addLine(scene: Scene, self: Peer, { isAboutNames }: RoomShape): void {
  const { random } = scene;
  const speaker = drawSpeaker(scene, self);
  const use = linePhrases(scene);
  const asked = asking(drawLineKind(random, isAboutNames), scene, self, speaker, use);
  if (!asked) return;
  const said = say(scene, self, speaker, asked, drawAudience(random, asked));
  if (said) settle(scene, self, said);
}

function linePhrases(scene: Scene): PhraseUse {
  return scene.heldOut.phrases === 'templates' ? 'compositions' : scene.heldOut.phrases;
}

/** The line becomes part of the room, and so does an answer to it. */
export function settle(scene: Scene, self: Peer, said: Said): void {
  const { random } = scene;
  scene.lines.push(utterance(scene, said.speaker, said.text));
  if (said.asking.told !== undefined) scene.told.set(said.speaker.peerId, said.asking.told);
  if (said.asking.fact) remember(scene.facts, said.speaker, said.asking.fact);
  scene.clockMs += random.between(2, 12) * 1_000;
  if (said.expected.speak) {
    if (random.chance(0.95)) scene.lines.push(utterance(scene, self, said.expected.text));
    return;
  }
  const called = scene.personas.find(({ name }) => name === said.calledName);
  if (called?.card && random.chance(0.8))
    scene.lines.push(utterance(scene, called, answerOf(scene, called, said)));
}

/** What another persona says when she was called. */
function answerOf(scene: Scene, called: Peer, said: Said): string {
  const { kind, answer } = said.asking;
  if (kind === 'errand' || kind === 'unknown') return UNKNOWN.answer;
  if (kind === 'who' || kind === 'role')
    return `I am ${called.name}, ${called.card ? spokenRole(called.card) : 'a persona'}.`;
  if (kind === 'introduce-who') return `Hello ${said.asking.told ?? ''}! I am ${called.name}.`;
  return answer;
}

export function say(
  scene: Scene,
  self: Peer,
  speaker: Peer,
  asked: Asking,
  audience: Audience,
): Said | undefined {
  const { random } = scene;
  const { form, isGreeting } = asked;
  // Machines and other personas that speak to nobody by name are not answered: two starters would never end.
  const isUnanswered = asked.wantsNone || (speaker.kind !== 'human' && asked.kind !== 'introduce-who');
  const answered: Expected = {
    speak: true,
    text: asked.answer,
    required: asked.required,
    forbidden: asked.forbidden,
  };
  const done = (text: string, expected: Expected, calledName?: string): Said => ({
    speaker,
    audience,
    expected,
    calledName,
    asking: asked,
    text: ended(text, isGreeting ? 'greeting' : form, random),
  });
  switch (audience) {
    case 'nobody':
      if (asked.kind === 'errand' && isCrowd(scene, self, speaker)) return undefined;
      return done(capitalOrNot(asked.text, random), isUnanswered ? silent(REASONS.nobody) : answered);
    case 'everyone':
      return done(
        random.pick([`@all ${asked.text}`, `@everyone ${asked.text}`, `@all: ${asked.text}`]),
        isUnanswered ? silent(REASONS.nobody) : answered,
      );
    case 'her':
      return done(saidTo([self.name], asked.text, form, isGreeting, random), answered);
    case 'other':
    case 'both': {
      const other = drawOther(scene, self, speaker);
      if (audience === 'both')
        return done(saidTo([self.name, other], asked.text, form, isGreeting, random), answered);
      return done(
        saidTo([other], asked.text, form, isGreeting, random),
        silent(REASONS.other.replace('{name}', other)),
        other,
      );
    }
    default:
      throw new Error(`unknown audience ${String(audience satisfies never)}`);
  }
}

function silent(reason: string): Expected {
  return { speak: false, text: reason, required: [], forbidden: [] };
}

export function turnOf(scene: Scene, self: Peer, said: Said): Turn {
  const trigger = utterance(scene, said.speaker, said.text);
  const roster = new Map(
    [...scene.lines, trigger].map(({ peerId, name, kind }) => [peerId, { peerId, name, kind }]),
  );
  const input: TurnInput = {
    turnId: uuid(scene.random),
    channel: 'c0c0c0c0-0000-4000-8000-000000000001',
    roomName: scene.roomName,
    trigger,
    coveredEventIds: [],
    history: [...scene.lines],
    talk: [...scene.lines, trigger],
    memories: scene.memories,
    roster: [...roster.values()],
    nowMs: nowMsOf(scene),
  };
  if (!self.card) throw new Error(`${self.name} has no card`);
  return {
    kind: evalKind(said),
    input,
    self,
    card: self.card,
    timeZone: scene.timeZone,
    expected: said.expected,
  };
}

/** The name a turn is counted under. */
function evalKind({ asking: { kind, answer }, audience, expected, speaker }: Said): string {
  if (!expected.speak) return audience === 'other' ? 'silent-other' : 'silent-nobody';
  if (kind === 'who-am-i' && answer.startsWith('You have')) return 'who-am-i-untold';
  if (kind === 'chatter') return 'chatter-to-her';
  return speaker.kind === 'human' ? kind : `${kind}-by-machine`;
}

function drawSpeaker(scene: Scene, self: Peer): Peer {
  const { random, people, machines, personas } = scene;
  const others = [...machines, ...personas.filter((persona) => persona !== self)];
  return others.length > 0 && random.chance(0.12) ? random.pick(others) : random.pick(people);
}

function drawAudience(random: SeededRandom, { kind }: Asking): Audience {
  if (kind === 'errand') return random.pick(['other', 'other', 'her', 'nobody']);
  const share = random.next();
  if (kind === 'chatter')
    return share < 0.72 ? 'nobody' : share < 0.8 ? 'her' : share < 0.97 ? 'other' : 'everyone';
  if (share < 0.55) return 'nobody';
  if (share < 0.74) return 'her';
  if (share < 0.95) return 'other';
  return share < 0.98 ? 'both' : 'everyone';
}

/** Somebody else of the room, or a name nobody here has. */
function drawOther(scene: Scene, self: Peer, speaker: Peer): string {
  const { random } = scene;
  const seen = new Map<string, Utterance | Peer>(
    [...scene.lines, ...scene.people, ...scene.personas].map((peer) => [peer.peerId, peer]),
  );
  const here = [...seen.values()].filter(
    ({ peerId, name }) => peerId !== self.peerId && peerId !== speaker.peerId && !name.startsWith('peer-'),
  );
  const told = [...scene.told].filter(([peerId]) => peerId !== speaker.peerId).map(([, name]) => name);
  if (told.length > 0 && random.chance(0.1)) return random.pick(told);
  if (here.length > 0 && random.chance(0.55)) return random.pick(here).name;
  for (;;) {
    const name = drawName(random, scene.heldOut.names);
    if (name.toLowerCase() !== self.name.toLowerCase() && name !== callName(scene, speaker)) return name;
  }
}

function isCrowd(scene: Scene, self: Peer, speaker: Peer): boolean {
  return scene.lines.some(({ peerId }) => peerId !== self.peerId && peerId !== speaker.peerId);
}
