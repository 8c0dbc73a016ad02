/** Owns asking the shipped model as the companion does: the brain composes, its engine answers under the real grammar. */
import { startEngine } from '../../../../companion/llama/engine.ts';
import { readModelFile } from '../../../../companion/llama/model-file.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { JSON_DECISION_INSTRUCTION, type Decision } from '../../../../shared/inference/decision.ts';
import type { GenerateRequest, GenerateResult } from '../../../../shared/inference/generate.ts';
import { composeTurn } from '../../../../web/brain/compose/compose-turn.ts';
import { TranscriptWindow } from '../../../../web/brain/compose/transcript-source.ts';
import { answerEncoding } from '../../../../web/brain/decide/answer-encoding.ts';
import type { Turn } from '../data/scene.ts';

export interface Answered {
  readonly request: GenerateRequest;
  readonly result: GenerateResult;
  /** Undefined where the answer cannot be read. */
  readonly decision: Decision | undefined;
}

export interface Mind {
  ask(turn: Turn): Promise<Answered>;
  dispose(): Promise<void>;
}

const NEVER = new AbortController().signal;

/** Greedy, on one thread. */
export async function openMind(path: string): Promise<Mind> {
  const { header } = await readModelFile(path);
  const { contextTokens, bosToken, eosToken, chatTemplate, controlTokens } = header;
  const engine = await startEngine({ maxThreads: 1, clock: systemClock, onLog: () => undefined });
  const model = { path, contextTokens, threads: 1, bosToken, eosToken, controlTokens: [...controlTokens] };
  await engine.open(chatTemplate === undefined ? model : { ...model, chatTemplate }, NEVER);
  return {
    ask: async (turn) => {
      const composed = await composeTurn(turn.input, {
        self: turn.self,
        card: turn.card,
        contextTokens,
        speeds: {},
        instruction: JSON_DECISION_INSTRUCTION,
        timeZone: turn.timeZone,
        window: new TranscriptWindow(),
        density: { estimatedPerTrue: 1 },
        countTokens: (messages) => Promise.resolve(engine.countPromptTokens(messages)),
      });
      const encoding = answerEncoding(composed.answerTokens, turn.card.maxAnswerChars);
      const request: GenerateRequest = {
        messages: [...composed.messages],
        sampling: { temperature: 0 },
        maxTokens: encoding.maxTokens,
        grammar: encoding.grammar,
      };
      let result: GenerateResult | undefined;
      await engine.generate(
        request,
        (chunk) => {
          if (chunk.kind === 'done') result = chunk.result;
        },
        NEVER,
      );
      if (!result) throw new Error('The engine gave no result.');
      const decoded = encoding.decode(result.text);
      return { request, result, decision: decoded.ok ? decoded.decision : undefined };
    },
    dispose: () => engine.dispose(),
  };
}

/** Whether she did what was right: spoke or not, with every fact that has to be in it and none that must not. */
export function isRight({ expected }: Turn, decision: Decision | undefined): boolean {
  if (!decision || (decision.kind === 'spoke') !== expected.speak) return false;
  if (decision.kind === 'silent') return true;
  const { text } = decision;
  return (
    expected.required.every((part) => text.includes(part)) &&
    !expected.forbidden.some((part) => text.includes(part))
  );
}
