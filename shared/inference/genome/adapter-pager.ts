/**
 * Owns which skills of a genome are held in memory: a budget, and who leaves first when it is full. It decides;
 * somebody else loads and unloads.
 */
import type { Clock } from '../../clock.ts';

export interface Skill {
  /** Unique. */
  readonly name: string;
  /** What it takes while it is held. */
  readonly sizeBytes: number;
  /** 0 to 1; above {@link KEPT_ABOVE_PRIORITY} it never leaves. Default {@link DEFAULT_PRIORITY}. */
  readonly priority?: number;
}

export interface Activation {
  /** False for a skill that nobody registered. */
  readonly activated: boolean;
  readonly adapterName: string;
  /** To be unloaded now, in this order. */
  readonly evicted: readonly string[];
  /** Set where it is not held yet: to be loaded now, or forgotten when that fails. */
  readonly toLoad?: string;
}

export interface Relief {
  readonly freedBytes: number;
  /** To be unloaded now, in this order. */
  readonly evicted: readonly string[];
}

export interface AdapterPager {
  /** Makes it known, not held. Of one that is held the new size and priority count from now on. */
  register(skill: Skill): void;
  /** It is neither held nor known any more. */
  forget(name: string): void;
  activateSkill(name: string): Activation;
  /** Lets skills go, as long as one may, until at most this part of the budget is used, 0 to 1. */
  evictUnderPressure(targetPressure: number): Relief;
  readonly usedBytes: number;
  /** The used part of the budget, at most 1; 0 where there is no budget. */
  readonly pressure: number;
}

export interface AdapterPagerOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Default {@link DEFAULT_BUDGET_BYTES}. */
  readonly budgetBytes?: number;
}

export const DEFAULT_BUDGET_BYTES = 200_000_000;
export const DEFAULT_PRIORITY = 0.5;
export const KEPT_ABOVE_PRIORITY = 0.9;
/** A priority of 0 would make the score infinite or no number, and such a skill would leave first or never. */
const LEAST_PRIORITY = 0.01;
const PRIORITY_WEIGHT = 10;

interface Known {
  readonly name: string;
  sizeBytes: number;
  priority: number;
  /** Undefined while it is not held. */
  usedAtMs: number | undefined;
}

export function createAdapterPager(options: AdapterPagerOptions): AdapterPager {
  const { clock, budgetBytes = DEFAULT_BUDGET_BYTES } = options;
  const skills = new Map<string, Known>();

  const held = (): Known[] => [...skills.values()].filter(({ usedAtMs }) => usedAtMs !== undefined);
  const used = (): number => held().reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const score = ({ usedAtMs = 0, priority }: Known, nowMs: number): number =>
    (nowMs - usedAtMs) / 1_000 / (priority * PRIORITY_WEIGHT);

  const evictWhile = (isTooMuch: () => boolean): Known[] => {
    const nowMs = clock.monotonicMs();
    // Of equal scores, whoever was registered first: the order is the same on every run.
    const leaving = held()
      .filter(({ priority }) => priority <= KEPT_ABOVE_PRIORITY)
      .toSorted((one, other) => score(other, nowMs) - score(one, nowMs));
    const evicted: Known[] = [];
    for (const skill of leaving) {
      if (!isTooMuch()) break;
      skill.usedAtMs = undefined;
      evicted.push(skill);
    }
    return evicted;
  };

  return {
    register: ({ name, sizeBytes, priority = DEFAULT_PRIORITY }) => {
      const usedAtMs = skills.get(name)?.usedAtMs;
      skills.set(name, { name, sizeBytes, priority: Math.max(LEAST_PRIORITY, priority), usedAtMs });
    },
    forget: (name) => {
      skills.delete(name);
    },
    activateSkill: (name) => {
      const skill = skills.get(name);
      if (!skill) return { activated: false, adapterName: name, evicted: [] };
      const isHeld = skill.usedAtMs !== undefined;
      const evicted = isHeld ? [] : evictWhile(() => used() + skill.sizeBytes > budgetBytes);
      skill.usedAtMs = clock.monotonicMs();
      const names = evicted.map((one) => one.name);
      return { activated: true, adapterName: name, evicted: names, ...(isHeld ? {} : { toLoad: name }) };
    },
    evictUnderPressure: (targetPressure) => {
      const evicted = evictWhile(() => used() > targetPressure * budgetBytes);
      return {
        freedBytes: evicted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
        evicted: evicted.map(({ name }) => name),
      };
    },
    get usedBytes() {
      return used();
    },
    get pressure() {
      return budgetBytes <= 0 ? 0 : Math.min(1, used() / budgetBytes);
    },
  };
}
