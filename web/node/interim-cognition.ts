/** Owns the plainest mind there can be: the transcript, the decision form, one generation. The brain takes its place. */
import { AppError, toAppError } from '../../shared/errors.ts';
import { jsonDecision } from '../../shared/inference/decision.ts';
import type { GenerateResult } from '../../shared/inference/generate.ts';
import type { PersonaCognition, TurnInput, TurnOutcome } from '../brain/turn.ts';
import type { ChatRow } from './serve/conversation.ts';
import type { PersonaContext } from './serve/persona-context.ts';

export function isAddressed(row: ChatRow, name: string): boolean {
  return row.text.toLowerCase().includes(name.toLowerCase());
}

export function createCognition(ctx: Omit<PersonaContext, 'cognition'>): PersonaCognition {
  const encoding = jsonDecision({ maxTextChars: 200, maxReasonChars: 60 });
  return {
    think: async (input, onProgress, signal): Promise<TurnOutcome> => {
      let raw = '';
      let tokens = 0;
      let usage: GenerateResult | undefined;
      try {
        const request = {
          messages: [{ role: 'user' as const, content: `${promptOf(ctx, input)}\n${encoding.instruction}` }],
          sampling: ctx.profile.sampling,
          maxTokens: encoding.maxTokens,
          grammar: encoding.grammar,
        };
        for await (const chunk of ctx.adapter.generate(request, signal)) {
          if (chunk.kind === 'progress') onProgress({ ...chunk, kind: 'reading' });
          if (chunk.kind === 'done') usage = chunk.result;
          if (chunk.kind === 'delta') {
            raw += chunk.text;
            tokens += 1;
            onProgress({ kind: 'writing', text: encoding.partialText(raw), tokens });
          }
        }
      } catch (error) {
        return { kind: 'errored', error: toAppError(error) };
      }
      const decoded = encoding.decode(raw);
      if (!decoded.ok) return { kind: 'errored', error: new AppError('DecisionMalformed', decoded.problem) };
      const trace = {
        promptFormat: 1 as const,
        promptTokens: usage?.promptTokens ?? 0,
        historyLines: 0,
        historyDropped: 0,
        triggerTrimmed: false,
        raw,
        ...(usage && { usage }),
      };
      return { kind: 'decided', decision: decoded.decision, decidedBy: 'model', trace };
    },
  };
}

function promptOf(ctx: Pick<PersonaContext, 'identity'>, input: TurnInput): string {
  const lines = [...input.history.slice(-10), input.trigger].map(({ name, text }) => `${name}: ${text}`);
  return `You are ${ctx.identity.seed.agent_name}.\n${lines.join('\n')}`;
}
