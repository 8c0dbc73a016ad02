/** Owns the inference worker's side of its interface: one lane, calls by number, failures as values. */
import { transfer } from 'comlink';
import { AppError, toWireError } from '../../../shared/errors.ts';
import type { InferenceLane } from '../../../shared/inference/lane.ts';
import type { OnLaneProgress } from '../progress.ts';
import type { Answer } from '../worker-seam.ts';
import type { WorkerOpenOptions, InferenceWorkerApi, OpenedModel } from './worker-api.ts';
import { toWireStream } from './wire-stream.ts';

/** Opens the model and gives the lane with what is to be remembered of it. */
export type OpenModel<O = WorkerOpenOptions> = (
  options: O,
  onProgress: OnLaneProgress,
  signal: AbortSignal,
) => Promise<{ readonly lane: InferenceLane; readonly model: OpenedModel['model'] }>;

/** `hold` is {@link InferenceWorkerApi.hold}. */
export function createWorkerLaneService(
  openModel: OpenModel,
  hold: InferenceWorkerApi['hold'],
): InferenceWorkerApi {
  const calls = new Map<number, AbortController>();
  let lane: InferenceLane | undefined;

  const answer = async <T>(call: number, work: (signal: AbortSignal) => Promise<T>): Promise<Answer<T>> => {
    const aborter = new AbortController();
    calls.set(call, aborter);
    try {
      return { ok: true, value: await work(aborter.signal) };
    } catch (error) {
      return { ok: false, error: toWireError(error, 'LaneDied') };
    } finally {
      calls.delete(call);
    }
  };
  const opened = (): InferenceLane => {
    if (lane) return lane;
    throw new AppError('LaneStartFailed', 'No model is open in this worker.');
  };

  return {
    hold,
    open: (call, options, onProgress) =>
      answer(call, async (signal) => {
        const { lane: fresh, model } = await openModel(options, onProgress, signal);
        lane = fresh;
        return { report: fresh.report, model };
      }),
    warmup: (call, messages) => answer(call, (signal) => opened().warmup(signal, messages)),
    generate: (request) => {
      const stream = toWireStream(() => opened().generate(request));
      return transfer(stream, [stream]);
    },
    countPromptTokens: (call, messages) =>
      answer(call, (signal) => opened().countPromptTokens(messages, signal)),
    embed: (call, text) => answer(call, (signal) => opened().embed(text, signal)),
    abort: (call) => {
      calls.get(call)?.abort();
    },
  };
}
