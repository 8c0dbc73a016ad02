/** Owns the turns of the benchmarks as the brain composes them: a room that grows, and somebody who asks Maya. */
import { JSON_DECISION_INSTRUCTION, type DecisionEncoding } from '../../shared/inference/decision.ts';
import type { ChatMessage, GenerateRequest } from '../../shared/inference/generate.ts';
import { ROLE_CARDS } from '../../shared/persona/roles.ts';
import { line, peerIdOf, personaLine, turnInput } from '../../shared/testing/turn-input.ts';
import { composeTurn } from '../../web/brain/compose/compose-turn.ts';
import { TranscriptWindow } from '../../web/brain/compose/transcript-source.ts';
import { answerEncoding } from '../../web/brain/decide/answer-encoding.ts';
import type { Utterance } from '../../web/brain/turn.ts';

export interface RoomTurn {
  readonly encoding: DecisionEncoding;
  readonly request: GenerateRequest;
}

const CONTEXT_TOKENS = 2_048;
const PEOPLE = ['Noor', 'Kira', 'Tom'];
const TALK = ['the boats are in', 'who has the keys?', 'rain again today', 'the soup was good'];
const ASKED = ['Maya, who are you?', 'Hello Maya!', 'Maya, what is this place?', 'Maya, what can you do?'];

/** Room number `room` after `lines` lines; rooms differ from their first line on. */
export async function roomTurn(
  room: number,
  lines: number,
  asked = ASKED[(room + lines) % ASKED.length]!,
): Promise<RoomTurn> {
  const history = Array.from({ length: lines }, (_, at) => spoken(room, at));
  const asking = line(lines, PEOPLE[room % PEOPLE.length]!, asked);
  const composed = await composeTurn(turnInput(history, asking), {
    self: { peerId: peerIdOf('Maya'), name: 'Maya' },
    card: ROLE_CARDS.helper,
    contextTokens: CONTEXT_TOKENS,
    speeds: {},
    instruction: JSON_DECISION_INSTRUCTION,
    timeZone: 'UTC',
    window: new TranscriptWindow(),
    density: { estimatedPerTrue: 1 },
    // All of it fits, in whatever vocabulary.
    countTokens: () => Promise.resolve(CONTEXT_TOKENS / 2),
  });
  const encoding = answerEncoding(composed.answerTokens, ROLE_CARDS.helper.maxAnswerChars);
  return { encoding, request: requestOf(composed.messages, encoding) };
}

function spoken(room: number, at: number): Utterance {
  const name = PEOPLE[(room + at) % PEOPLE.length]!;
  const text = `${TALK[(room * 3 + at) % TALK.length]} (${room}.${at})`;
  return at % 6 === 5 ? personaLine(at, 'Maya', text) : line(at, name, text);
}

function requestOf(messages: readonly ChatMessage[], encoding: DecisionEncoding): GenerateRequest {
  const { maxTokens, grammar } = encoding;
  return { messages: [...messages], sampling: { temperature: 0 }, maxTokens, grammar };
}

/** The same turn for an engine that may write what it likes. */
export function withoutGrammar({ grammar: _grammar, ...rest }: GenerateRequest): GenerateRequest {
  return rest;
}
