/** Owns a lane while this node thinks with it: the queue in front of it, its speed, and giving its memory back. */
import type { Clock } from '../../../shared/clock.ts';
import { AppError } from '../../../shared/errors.ts';
import type { GenerateRequest, GenerateResult } from '../../../shared/inference/generate.ts';
import type { InferenceLane } from '../../../shared/inference/lane.ts';
import { DeviceQueue, type QueueState } from '../../inference/queue/device-queue.ts';
import { queuedLane } from '../../inference/queue/queued-lane.ts';
import type { OpenedLane } from '../../inference/lane-factory.ts';
import type { LaneView } from '../view.ts';
import type { DeviceShare } from './device-share.ts';
import type { SpeedBook } from './speed-book.ts';

export interface HostedLaneDeps {
  readonly clock: Clock;
  readonly speeds: SpeedBook;
  readonly onChange: (change: Partial<Pick<LaneView, 'queue' | 'speeds' | 'isUnloaded'>>) => void;
  /** What is known of speeds could not be kept. */
  readonly onTrouble: (error: unknown) => void;
}

/** A laptop that plays a film has its GPU back by then; loading the starter again takes a second. */
export const UNLOAD_AFTER_MS = 900_000;
/** One engine thinks one thought; a server that the person runs has its own queue and batches. */
const SLOTS = { gguf: 1, mlc: 1, companion: 1, endpoint: 4 } as const;
const MEASURED_WORDS = 240;
const MEASURED_TOKENS = 32;

export class HostedLane {
  readonly #opened: OpenedLane;
  readonly #deps: HostedLaneDeps;
  readonly #queue: DeviceQueue;
  #cancelUnload: () => void = () => undefined;
  /** What was at work leaves the queue after that, and has nothing to say any more. */
  #isClosed = false;

  constructor(opened: OpenedLane, share: DeviceShare, deps: HostedLaneDeps) {
    this.#opened = opened;
    this.#deps = deps;
    this.#queue = new DeviceQueue({
      slots: SLOTS[opened.lane.report.lane],
      clock: deps.clock,
      onChange: (state) => {
        this.#onQueue(state);
      },
    });
    this.#queue.share = share;
  }

  get opened(): OpenedLane {
    return this.#opened;
  }

  set share(share: DeviceShare) {
    this.#queue.share = share;
  }

  laneFor(personaId: string): InferenceLane {
    const { lane } = this.#opened;
    const { clock, speeds } = this.#deps;
    return queuedLane(
      {
        lane,
        queue: this.#queue,
        clock,
        speeds: () => speeds.of(lane.report),
        onResult: (result) => {
          this.#learn(result);
        },
      },
      personaId,
    );
  }

  /** A prompt and an answer of known length; what was read of the room before has to be read again afterwards. */
  async measure(signal: AbortSignal): Promise<void> {
    const answer = this.laneFor('measure').generate(this.#measured(), signal);
    await answer.pipeTo(new WritableStream());
  }

  async dispose(): Promise<void> {
    this.#isClosed = true;
    this.#cancelUnload();
    this.#queue.close(new AppError('LaneDied', 'The lane was closed.'));
    await this.#opened.lane.dispose();
  }

  #learn(result: GenerateResult): void {
    const { speeds, onChange, onTrouble } = this.#deps;
    speeds.learn(this.#opened.lane.report, result).then(
      (known) => {
        if (!this.#isClosed) onChange({ speeds: known });
      },
      (error: unknown) => {
        onTrouble(error);
      },
    );
  }

  #onQueue(state: QueueState): void {
    if (this.#isClosed) return;
    const { clock, onChange } = this.#deps;
    this.#cancelUnload();
    this.#cancelUnload = () => undefined;
    const isIdle = state.running.length === 0 && state.waiting.length === 0;
    onChange({ queue: state, ...(!isIdle && { isUnloaded: false }) });
    const { unload } = this.#opened;
    if (!isIdle || !unload) return;
    this.#cancelUnload = clock.after(UNLOAD_AFTER_MS, () => {
      unload();
      onChange({ isUnloaded: true });
    });
  }

  #measured(): GenerateRequest {
    // Another beginning each time: what is in the prefix cache is not read.
    const words = Array.from({ length: MEASURED_WORDS }, (_, at) => `word${at % 10}`).join(' ');
    return {
      messages: [{ role: 'user', content: `${this.#deps.clock.nowMs()} ${words}` }],
      sampling: { temperature: 0 },
      maxTokens: MEASURED_TOKENS,
      // So that it does not stop early; another program may take no grammar.
      ...(this.#opened.lane.report.backend !== 'remote' && { grammar: 'root ::= [a-z ]{200}' }),
    };
  }
}
