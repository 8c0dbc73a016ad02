/** Owns the words of one asking: a phrase drawn, its slots filled, and her answer with what is required of it. */
import { dateAndTimeBlock } from '../../../../web/brain/compose/prompt-blocks.ts';
import { GENERAL, PRODUCT, TALK, UNKNOWN, type Talk } from '../facts.ts';
import { COMPANY } from './context-phrases.ts';
import { drawName } from './names.ts';
import { GREETING, INTRODUCTION, RECALL, RECALL_OTHER, ROLE, STATEMENT, WHO } from './person-phrases.ts';
import type { PhraseSet, PhraseUse } from './phrase.ts';
import { spokenRole } from './role-cards.ts';
import { callName, newFact, type Peer, type Scene } from './scene.ts';
import { capital, capitalOrNot, dress, ended, type Form } from './surface.ts';
import { drawThing, fillSlots, type Fact } from './values.ts';

export const ASKING_KINDS = [
  'greet',
  'introduce',
  'introduce-who',
  'who',
  'role',
  'who-am-i',
  'state',
  'recall',
  'recall-untold',
  'recall-other',
  'product',
  'general',
  'unknown',
  'sum',
  'large-sum',
  'time',
  'date',
  'room',
  'company',
  'talk',
  'chatter',
  'errand',
] as const;
export type AskingKind = (typeof ASKING_KINDS)[number];

export interface Asking {
  readonly kind: AskingKind;
  readonly text: string;
  readonly form: Form;
  readonly isGreeting: boolean;
  /** What she says when it is meant for her. */
  readonly answer: string;
  readonly required: readonly string[];
  readonly forbidden: readonly string[];
  /** Said to nobody by name it wants no answer. */
  readonly wantsNone: boolean;
  /** What the room knows once it is said. */
  readonly told?: string;
  readonly fact?: Fact;
}

export class Draw {
  readonly #scene: Scene;
  readonly #self: Peer;
  readonly #speaker: Peer;
  readonly #use: PhraseUse;

  constructor(scene: Scene, self: Peer, speaker: Peer, use: PhraseUse) {
    this.#scene = scene;
    this.#self = self;
    this.#speaker = speaker;
    this.#use = use;
  }

  get role(): string {
    if (!this.#self.card) throw new Error(`${this.#self.name} has no card`);
    return spokenRole(this.#self.card);
  }

  get clock(): readonly string[] {
    return (
      /^It is (.*), (\d\d:\d\d)/.exec(dateAndTimeBlock(nowMsOf(this.#scene), this.#scene.timeZone)) ?? []
    );
  }

  simple(
    kind: AskingKind,
    phrases: PhraseSet,
    answer: string,
    required: readonly string[],
    forbidden: readonly string[] = [],
    given: Readonly<Record<string, string>> = {},
  ): Asking {
    const text = this.#fill(
      dress(phrases.draw(this.#scene.random, this.#use), 'question', this.#scene.random),
      given,
    );
    return { kind, text, form: 'question', isGreeting: false, answer, required, forbidden, wantsNone: false };
  }

  talk(
    kind: AskingKind,
    phrases: PhraseSet,
    form: Form,
    answer: string,
    more: {
      readonly required: readonly string[];
      readonly isGreeting?: boolean;
      readonly wantsNone?: boolean;
    },
  ): Asking {
    const { random } = this.#scene;
    const isGreeting = more.isGreeting ?? false;
    const phrase = phrases.draw(random, this.#use);
    const text = this.#fill(dress(phrase, form, random), {});
    const name = callName(this.#scene, this.#speaker);
    const filled = answer.replace(
      '{name}',
      name === undefined ? '' : answer.startsWith('Hello{') ? ` ${name}` : `, ${name}`,
    );
    const named = answer.includes('{name}') && name !== undefined ? [name] : [];
    return {
      kind,
      text,
      form,
      isGreeting,
      answer: filled,
      required: [...more.required, ...named],
      forbidden: [],
      wantsNone: more.wantsNone ?? false,
    };
  }

  introduction(kind: 'introduce' | 'introduce-who'): Asking {
    const { random, heldOut } = this.#scene;
    const shown = this.#speaker.name;
    const isOwn = /^[A-Z]/.test(shown) && random.chance(0.3);
    const drawn = isOwn ? shown : drawName(random, heldOut.names);
    const told = random.chance(0.1) ? drawn.toLowerCase() : drawn;
    const introduction = this.#fill(INTRODUCTION.draw(random, this.#use), { told });
    const greeting = random.chance(0.75) ? GREETING.draw(random, 'trained') : '';
    const greeted =
      greeting === ''
        ? capitalOrNot(introduction, random)
        : capitalOrNot(greeting, random) + random.pick([', ', ', ', '! ', '. ', ' ', ' - ']) + introduction;
    const text = this.#fill(greeted, {});
    const shared = {
      kind,
      form: 'greeting',
      isGreeting: false,
      forbidden: [],
      wantsNone: false,
      told,
    } as const;
    if (kind === 'introduce')
      return {
        ...shared,
        text: ended(text, 'greeting', random),
        answer: `Hello ${told}, nice to meet you!`,
        required: ['Hello', told],
      };
    const who = this.#fill(
      dress(
        random.chance(0.75) ? WHO.draw(random, 'trained') : ROLE.draw(random, 'trained'),
        'question',
        random,
      ),
      {},
    );
    const both = text + random.pick(['. ', '. ', '. ', '! ', ', ', ' and ', ' - ']);
    return {
      ...shared,
      text: ended(both + (/[.!] $/.test(both) ? capitalOrNot(who, random) : who), 'question', random),
      answer: `Hello ${told}! I am ${this.#self.name}, ${this.role}.`,
      required: [told, this.#self.name],
    };
  }

  statement(): Asking | undefined {
    const { random, heldOut, facts } = this.#scene;
    const fact = newFact(random, heldOut, facts.get(this.#speaker.peerId));
    if (!fact) return undefined;
    const text = this.#fill(dress(STATEMENT.draw(random, this.#use), 'statement', random), { ...fact });
    return {
      kind: 'state',
      text,
      form: 'statement',
      isGreeting: false,
      wantsNone: false,
      fact,
      answer: `Noted: your ${fact.thing} is ${fact.value}.`,
      required: [fact.value],
      forbidden: [],
    };
  }

  recall(kind: 'recall' | 'recall-untold' | 'recall-other'): Asking | undefined {
    const { random, facts, people } = this.#scene;
    if (kind === 'recall-other') {
      const others = people.filter((peer) => peer !== this.#speaker && !peer.name.startsWith('peer-'));
      if (others.length === 0) return undefined;
      const owner = random.pick(others);
      const known = [...(facts.get(owner.peerId) ?? [])];
      if (known.length === 0 || random.chance(0.2)) {
        const thing = drawThing(random);
        if (facts.get(owner.peerId)?.has(thing)) return undefined;
        return this.simple(kind, RECALL_OTHER, 'Nobody has told me that.', ['Nobody has told me'], [], {
          owner: owner.name,
          thing,
        });
      }
      const [thing, value] = random.pick(known);
      return this.simple(kind, RECALL_OTHER, `${owner.name}'s ${thing} is ${value}.`, [value], [], {
        owner: owner.name,
        thing,
      });
    }
    const own = [...(facts.get(this.#speaker.peerId) ?? [])];
    if (kind === 'recall-untold') {
      const elsewhere = [...facts.values()].flatMap((known) => [...known.keys()]);
      const thing = elsewhere.length > 0 && random.chance(0.3) ? random.pick(elsewhere) : drawThing(random);
      if (own.some(([known]) => known === thing)) return undefined;
      return this.simple(kind, RECALL, 'You have not told me that.', ['not told me'], [], { thing });
    }
    if (own.length === 0) return undefined;
    const [thing, value] = random.pick(own);
    return this.simple(kind, RECALL, `Your ${thing} is ${value}.`, [value], [], { thing });
  }

  /** What another persona answers to somebody: for her it is talk that needs nobody. */
  echo(): Asking {
    const { random, people } = this.#scene;
    const name = callName(this.#scene, random.pick(people)) ?? 'you';
    const { card } = this.#speaker;
    const said = random.pick([
      random.pick(Object.values(PRODUCT)).answer,
      random.pick(Object.values(GENERAL)),
      TALK[random.pick(Object.keys(TALK) as Talk[])].replace('{name}', name),
      `Hello ${name}, ${random.pick(['nice to meet you!', 'good to see you.'])}`,
      `I am ${this.#speaker.name}, ${card ? spokenRole(card) : 'a persona'}.`,
      `Hello ${name}! I am ${this.#speaker.name}, ${card ? spokenRole(card) : 'a persona'}.`,
      `Your name is ${name}.`,
      UNKNOWN.answer,
      `It is ${random.between(10, 23)}:${random.between(10, 59)}.`,
    ]);
    return {
      kind: 'chatter',
      text: said,
      form: 'statement',
      isGreeting: false,
      wantsNone: true,
      answer: TALK.heard.replace('{name}', this.#speaker.name),
      required: ['hear you'],
      forbidden: [],
    };
  }

  company(): Asking | undefined {
    const others = [
      ...new Map([...this.#scene.lines, this.#speaker].map((peer) => [peer.peerId, peer.name])).entries(),
    ]
      .filter(([peerId]) => peerId !== this.#self.peerId)
      .map(([, name]) => name);
    if (others.length > 4) return undefined;
    const last = others.at(-1) ?? '';
    const names = others.length === 1 ? `${last} is` : `${others.slice(0, -1).join(', ')} and ${last} are`;
    return this.simple('company', COMPANY, `${capital(names)} here with me.`, others);
  }

  #fill(phrase: string, given: Readonly<Record<string, string>>): string {
    const { random, heldOut } = this.#scene;
    const bystander = (): string => {
      const here = [...this.#scene.people, ...this.#scene.personas].filter(
        ({ peerId }) => peerId !== this.#speaker.peerId,
      );
      return here.length > 0 && random.chance(0.4) ? random.pick(here).name : drawName(random, heldOut.names);
    };
    return fillSlots(phrase, { other: drawName(random, heldOut.names), name: bystander(), ...given }, random);
  }
}

/** When the turn is thought: a little after the line was said. */
export function nowMsOf(scene: Scene): number {
  return scene.clockMs + 2_000;
}
