/** Owns what this machine says of itself. */
import { availableParallelism, cpus, totalmem } from 'node:os';

export interface Machine {
  readonly cores: number;
  /** As the system names the processor. */
  readonly cpu: string;
  readonly memoryBytes: number;
}

/** Of a name in which processors differ. */
const MAX_CPU_CHARS = 200;

export function thisMachine(): Machine {
  const cpu = cpus()[0]?.model.trim() ?? '';
  return { cores: availableParallelism(), cpu: cpu.slice(0, MAX_CPU_CHARS), memoryBytes: totalmem() };
}
