/** Owns the first conversation of a newcomer, with a name drawn by chance. */
import { ROLE_CARDS } from '../../../../shared/persona/roles.ts';
import { SeededRandom } from '../../../../shared/testing/seeded-random.ts';
import { line, peerIdOf, personaLine, turnInput } from '../../../../shared/testing/turn-input.ts';
import type { Utterance } from '../../../../web/brain/turn.ts';
import { drawNames } from '../data/names.ts';
import type { Turn } from '../data/scene.ts';
import type { Mind } from './mind.ts';

export interface Journey {
  readonly name: string;
  readonly transcript: readonly string[];
  /** Her own name and a greeting by name; the right name after three other lines; silence. */
  readonly right: readonly [boolean, boolean, boolean];
}

export async function walk(mind: Mind, seed: number): Promise<Journey> {
  const [name = '', self = '', shown = '', other = ''] = drawNames(new SeededRandom(seed), 4, true);
  const history: Utterance[] = [];
  const transcript: string[] = [];
  const say = async (text: string): Promise<string | undefined> => {
    const trigger = line(history.length, shown, text);
    const turn: Turn = {
      kind: 'journey',
      input: turnInput(history, trigger),
      self: { peerId: peerIdOf(self), name: self },
      card: ROLE_CARDS.helper,
      timeZone: 'UTC',
      expected: { speak: true, text: '', required: [], forbidden: [] },
    };
    const { decision } = await mind.ask(turn);
    history.push(trigger);
    transcript.push(`${shown}: ${text}`);
    if (decision?.kind === 'spoke') {
      history.push(personaLine(history.length, self, decision.text));
      transcript.push(`${self}: ${decision.text}`);
      return decision.text;
    }
    transcript.push(`(${self} is silent: ${decision?.reason ?? 'unreadable'})`);
    return undefined;
  };
  const hello = await say(`Hi, I'm ${name}. Who are you?`);
  for (const text of ['What is airc?', 'What is 3 + 4?', 'Is my data private?']) await say(text);
  const recalled = await say('What did I say my name was?');
  const toOther = await say(`@${other} could you look at this?`);
  return {
    name,
    transcript,
    right: [
      (hello?.includes(name) && hello.includes(self)) ?? false,
      recalled?.includes(name) ?? false,
      toOther === undefined,
    ],
  };
}
