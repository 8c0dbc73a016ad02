import { describe, expect, it } from 'vitest';
import { jsonDecision, JSON_DECISION_INSTRUCTION } from '../../../shared/inference/decision.ts';
import { CHATML_TEMPLATE } from '../../../shared/inference/chat-template.ts';
import { createPromptRenderer } from '../../../shared/inference/model-prompt.ts';
import { systemClock } from '../../../shared/clock.ts';
import { silentLogger } from '../../../shared/log.ts';
import { ROLE_CARDS } from '../../../shared/persona/roles.ts';
import { spokenJson } from '../../../shared/testing/scripted-answers.ts';
import { createScriptedLane } from '../../../shared/testing/scripted-lane.ts';
import { SeededRandom } from '../../../shared/testing/seeded-random.ts';
import { createPersonaCognition } from '../../../web/brain/cognition.ts';
import { copiesOf } from './data/copies.ts';
import { trees } from './data/generate.ts';
import { isHeldOutName } from './data/names.ts';
import { answerOf, promptOf } from './data/render-turn.ts';
import { drawRoom } from './data/room.ts';
import { TRAINED } from './data/scene.ts';
import { GENERAL, LARGE_SUM, MOST_ANSWER_CHARS, PRODUCT, TALK, UNKNOWN } from './facts.ts';
import { itemsOf } from './scoring/items.ts';
import { CONTEXT_TOKENS, FRAME_PHRASES } from './starter-form.ts';

const render = createPromptRenderer(
  { chatTemplate: CHATML_TEMPLATE, bosToken: '', eosToken: '<|im_end|>', controlTokens: [] },
  false,
);

describe('the data of the starter mind', () => {
  it('has the bytes that the brain sends to its lane for the same turn', async () => {
    for (let seed = 1; seed <= 12; seed += 1) {
      const random = new SeededRandom(seed);
      for (const drawn of drawRoom(random, TRAINED, {
        lines: seed * 2,
        turns: 3,
        people: 'some',
        isAboutNames: false,
      })) {
        // The four cards of the product are what a persona of the product can have.
        const turn = { ...drawn, card: ROLE_CARDS.helper };
        const lane = createScriptedLane({ clock: systemClock, answer: () => spokenJson('Yes.') });
        const cognition = createPersonaCognition({
          self: { ...turn.self, role: 'helper' },
          profile: { contextTokens: CONTEXT_TOKENS, sampling: { temperature: 0 }, speeds: {} },
          lane,
          clock: systemClock,
          log: silentLogger,
          timeZone: turn.timeZone,
        });
        const outcome = await cognition.think(turn.input, () => undefined, new AbortController().signal);
        if (outcome.kind === 'decided' && outcome.decidedBy === 'loop-guard') continue;
        expect(render(lane.requests[0]?.messages ?? [])).toBe(await promptOf(turn));
      }
    }
  });

  it('answers in the form that the grammar of the decision reads', () => {
    const encoding = jsonDecision({ maxTextChars: 100, maxReasonChars: 100 });
    for (const turn of drawRoom(new SeededRandom(7), TRAINED, {
      lines: 6,
      turns: 40,
      people: 'some',
      isAboutNames: false,
    })) {
      const decoded = encoding.decode(answerOf(turn.expected));
      expect(decoded).toMatchObject({
        ok: true,
        decision: { kind: turn.expected.speak ? 'spoke' : 'silent' },
      });
    }
  });

  it('shows training where a name or a value that she says was told, and by whom', async () => {
    const shown = new Map<string, number>();
    const random = new SeededRandom(11);
    const kinds = ['recall', 'who-am-i', 'greet', 'room', 'introduce-who'] as const;
    for (let room = 0; room < 120; room += 1)
      for (const turn of drawRoom(
        random,
        TRAINED,
        { lines: 8, turns: 1, people: 'some', isAboutNames: false },
        kinds,
      )) {
        const prompt = await promptOf(turn);
        for (const [answerAt, promptAt, length] of copiesOf(turn, prompt) ?? []) {
          const said = turn.expected.text.slice(answerAt, answerAt + length);
          const line = prompt.slice(prompt.lastIndexOf('\n', promptAt) + 1, promptAt + length);
          expect(line.endsWith(said)).toBe(true);
          if (!/^(recall|who-am-i)$/.test(turn.kind)) continue;
          expect(line).toMatch(
            line.startsWith('- ') ? turn.input.trigger.name : `${turn.input.trigger.name}: `,
          );
          shown.set(turn.kind, (shown.get(turn.kind) ?? 0) + 1);
        }
      }
    expect(shown.get('recall')).toBeGreaterThan(5);
    expect(shown.get('who-am-i')).toBeGreaterThan(5);
  });

  it('is the same for the same seed, and another for another', async () => {
    const lines = async (seed: number): Promise<string[]> => {
      const all: string[] = [];
      for await (const tree of trees('short', seed, 3)) all.push(tree);
      return all;
    };
    expect(await lines(5)).toEqual(await lines(5));
    expect(await lines(5)).not.toEqual(await lines(6));
  });

  it('names nobody in training whose name is held out, and only such in the split of names', () => {
    const namesOf = (heldOut: boolean): string[] => {
      const random = new SeededRandom(3);
      const turns = Array.from({ length: 40 }, () =>
        drawRoom(
          random,
          { ...TRAINED, names: heldOut },
          { lines: 3, turns: 1, people: 'few', isAboutNames: false },
        ),
      ).flat();
      return turns.map(({ self }) => self.name);
    };
    expect(namesOf(false).some(isHeldOutName)).toBe(false);
    expect(namesOf(true).every(isHeldOutName)).toBe(true);
  });

  it('says nothing that a full context would cut off', () => {
    const said = [...Object.values(PRODUCT), UNKNOWN, LARGE_SUM].map(({ answer }) => answer);
    for (const answer of [...said, ...Object.values(GENERAL), ...Object.values(TALK)])
      expect(answer.length).toBeLessThanOrEqual(MOST_ANSWER_CHARS);
  });

  it('contains what it requires of the product’s sayings, and not what it forbids', () => {
    for (const { answer, required, forbidden } of [...Object.values(PRODUCT), UNKNOWN, LARGE_SUM]) {
      for (const part of required) expect(answer).toContain(part);
      for (const part of forbidden) expect(answer).not.toContain(part);
    }
  });

  it('has items for every split, and its frame phrases in every prompt', async () => {
    for (const split of ['new', 'templates'] as const) {
      const [item] = itemsOf(split, 'who', 1, 4);
      expect(item && (await promptOf(item)).startsWith(FRAME_PHRASES[0] ?? '?')).toBe(true);
      expect(item && (await promptOf(item)).endsWith(FRAME_PHRASES[1] ?? '?')).toBe(true);
    }
    expect(FRAME_PHRASES[1]).toContain(JSON_DECISION_INSTRUCTION);
  });
});
