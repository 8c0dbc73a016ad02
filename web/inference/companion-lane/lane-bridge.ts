/** Owns what the companion lane needs of the bridge; the bridge client has this shape. */
import type { MethodName, MethodParams, MethodResult } from '../../../shared/bridge/protocol.ts';
import type { GenerateChunk } from '../../../shared/inference/generate.ts';

export interface LaneBridge {
  /**
   * Settles always: with the answer, the companion's AppError, `BridgeDown`, `BridgeTimeout` or, when the signal
   * aborts, `Aborted`; a generation or an embedding is then stopped in the companion too. `onChunk` is for `laneGenerate`.
   */
  request<M extends MethodName>(
    method: M,
    params: MethodParams<M>,
    options?: {
      readonly signal?: AbortSignal | undefined;
      readonly onChunk?: ((chunk: GenerateChunk) => void) | undefined;
      readonly onProgress?: ((done: number, total: number) => void) | undefined;
    },
  ): Promise<MethodResult<M>>;
}
