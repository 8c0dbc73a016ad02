/** Owns one thing that somebody says or asks, with what she says to it: kind by kind, from the state of the room. */
import {
  GENERAL,
  LARGE_SUM as LARGE_SUM_SAYING,
  PRODUCT,
  TALK,
  UNKNOWN,
  type GeneralFact,
  type ProductTopic,
  type Talk,
} from '../facts.ts';
import { DATE, LARGE_SUM, ROOM, SUM, TIME } from './context-phrases.ts';
import { Draw, type Asking, type AskingKind } from './draw.ts';
import { GENERAL_PHRASES, UNKNOWN_PHRASES } from './general-phrases.ts';
import { GREETING, ROLE, WHO, WHO_AM_I } from './person-phrases.ts';
import type { PhraseUse } from './phrase.ts';
import { PRODUCT_PHRASES } from './product-phrases.ts';
import type { Peer, Scene } from './scene.ts';
import { CHATTER, ERRAND, MACHINE_CHATTER, TALK_PHRASES } from './talk-phrases.ts';

/** Undefined where the room has nothing to ask that about. */
export function asking(
  kind: AskingKind,
  scene: Scene,
  self: Peer,
  speaker: Peer,
  use: PhraseUse,
): Asking | undefined {
  const draw = new Draw(scene, self, speaker, use);
  switch (kind) {
    case 'greet':
      return draw.talk(kind, GREETING, 'greeting', 'Hello{name}, good to see you.', {
        isGreeting: true,
        required: ['Hello'],
      });
    case 'introduce':
    case 'introduce-who':
      return draw.introduction(kind);
    case 'who':
      return draw.simple(kind, WHO, `I am ${self.name}, ${draw.role}.`, [self.name, draw.role]);
    case 'role':
      return draw.simple(kind, ROLE, `I am ${self.name}, ${draw.role}.`, [draw.role]);
    case 'who-am-i': {
      const told = scene.told.get(speaker.peerId);
      const answer =
        told === undefined
          ? `You have not told me. The room shows you as ${speaker.name}.`
          : `Your name is ${told}.`;
      return draw.simple(kind, WHO_AM_I, answer, told === undefined ? ['not told me', speaker.name] : [told]);
    }
    case 'state':
      return draw.statement();
    case 'recall':
    case 'recall-untold':
    case 'recall-other':
      return draw.recall(kind);
    case 'product': {
      const topic = scene.random.pick(Object.keys(PRODUCT) as ProductTopic[]);
      const { answer, required, forbidden } = PRODUCT[topic];
      return draw.simple(kind, PRODUCT_PHRASES[topic], answer, required, forbidden);
    }
    case 'general': {
      const fact = scene.random.pick(Object.keys(GENERAL) as GeneralFact[]);
      const phrases = GENERAL_PHRASES.get(fact);
      return phrases && draw.simple(kind, phrases, GENERAL[fact], [GENERAL[fact]]);
    }
    case 'unknown':
      return draw.simple(kind, UNKNOWN_PHRASES, UNKNOWN.answer, UNKNOWN.required, UNKNOWN.forbidden);
    case 'errand':
      return draw.simple(kind, ERRAND, UNKNOWN.answer, UNKNOWN.required, UNKNOWN.forbidden);
    case 'sum': {
      const [a, b] = [scene.random.between(0, 9), scene.random.between(0, 9)];
      return draw.simple(kind, SUM, `${a} + ${b} = ${a + b}.`, [`= ${a + b}.`], [], {
        a: String(a),
        b: String(b),
      });
    }
    case 'large-sum': {
      const given = {
        big: String(scene.random.between(11, 999)),
        big2: String(scene.random.between(11, 99)),
        a: String(scene.random.between(2, 9)),
        b: String(scene.random.between(2, 9)),
      };
      return draw.simple(
        kind,
        LARGE_SUM,
        LARGE_SUM_SAYING.answer,
        LARGE_SUM_SAYING.required,
        LARGE_SUM_SAYING.forbidden,
        given,
      );
    }
    case 'time':
      return draw.simple(kind, TIME, `It is ${draw.clock[2]}.`, [draw.clock[2] ?? '']);
    case 'date':
      return draw.simple(kind, DATE, `It is ${draw.clock[1]}.`, [draw.clock[1] ?? '']);
    case 'room':
      return draw.simple(kind, ROOM, `This room is called ${scene.roomName}.`, [scene.roomName]);
    case 'company':
      return draw.company();
    case 'talk': {
      const talk = scene.random.pick(Object.keys(TALK_PHRASES) as (keyof typeof TALK_PHRASES)[]);
      const form =
        talk === 'howAreYou' || talk === 'presence' || talk === 'help' || talk === 'joke'
          ? 'question'
          : 'statement';
      return draw.talk(kind, TALK_PHRASES[talk], form, nameSlot(TALK[talk]), {
        required: [firstWords(talk)],
      });
    }
    case 'chatter':
      if (speaker.kind === 'persona' && scene.random.chance(0.7)) return draw.echo();
      return draw.talk(
        kind,
        speaker.kind === 'agent' ? MACHINE_CHATTER : CHATTER,
        'statement',
        nameSlot(TALK.heard),
        { wantsNone: true, required: ['hear you'] },
      );
    default:
      throw new Error(`unknown kind ${String(kind satisfies never)}`);
  }
}

/** "…, {name}." as "…{name}.", so that the comma goes with the name. */
function nameSlot(text: string): string {
  return text.replace(', {name}', '{name}');
}

function firstWords(talk: Talk): string {
  return TALK[talk].split(/[,.?]/)[0] ?? '';
}
