/** Owns sharing a prompt's tokens among its sources: floors first, then comfort, then growth by priority. Pure. */
import { AppError } from '../../../shared/errors.ts';

/** All amounts in tokens. */
export interface BudgetClaim {
  readonly sourceId: string;
  /** Below this the source is of no use. */
  readonly floor: number;
  /** Comfortable. */
  readonly min: number;
  readonly max: number;
  /** Order of service, and weight of growth. */
  readonly priority: number;
  readonly required: boolean;
}

export type ClaimState = 'satisfied' | 'floor-only' | 'dropped' | 'under-provisioned';

export interface Allocation {
  readonly sourceId: string;
  readonly allocated: number;
  readonly state: ClaimState;
}

export interface FlexboxBudget {
  /** In the order of the claims. */
  readonly allocations: readonly Allocation[];
  readonly unallocated: number;
  /** A required source did not get its floor: this prompt needs a model with a longer context. */
  readonly escalationNeeded: boolean;
}

interface Share {
  readonly claim: BudgetClaim;
  allocated: number;
  state: ClaimState;
}

/** Amounts do not depend on the order of the claims. Throws `Internal` for two claims of one source. */
export function allocateBudget(availableTokens: number, claims: readonly BudgetClaim[]): FlexboxBudget {
  if (new Set(claims.map((claim) => claim.sourceId)).size < claims.length)
    throw new AppError('Internal', 'Two budget claims name the same source.');
  const shares: Share[] = claims.map((claim) => ({ claim, allocated: 0, state: 'floor-only' }));
  const inOrder = shares.toSorted(
    (a, b) => b.claim.priority - a.claim.priority || (a.claim.sourceId < b.claim.sourceId ? -1 : 1),
  );
  let left = Math.max(0, availableTokens);
  const grant = (share: Share, amount: number): void => {
    share.allocated += amount;
    left -= amount;
  };

  for (const share of inOrder.filter(({ claim }) => claim.required)) {
    if (availableTokens <= 0 || share.claim.floor > left) share.state = 'under-provisioned';
    grant(share, Math.min(left, share.claim.floor));
  }
  for (const share of inOrder.filter(({ claim }) => !claim.required)) {
    if (availableTokens <= 0 || share.claim.floor > left) share.state = 'dropped';
    else grant(share, share.claim.floor);
  }
  const served = inOrder.filter(({ state }) => state === 'floor-only');
  for (const share of served) {
    const { min, max } = share.claim;
    grant(share, Math.min(left, Math.max(0, Math.min(min, max) - share.allocated)));
    if (share.allocated >= min) share.state = 'satisfied';
  }
  left = grow(served, left);
  return {
    allocations: shares.map(({ claim, allocated, state }) => ({
      sourceId: claim.sourceId,
      allocated,
      state,
    })),
    unallocated: left,
    escalationNeeded: shares.some(({ state }) => state === 'under-provisioned'),
  };
}

function grow(served: readonly Share[], available: number): number {
  let left = available;
  for (;;) {
    const active = served.filter(({ claim, allocated }) => allocated < claim.max);
    const weight = active.reduce((sum, { claim }) => sum + claim.priority, 0);
    const [first] = active;
    if (!first || left <= 0 || weight <= 0) return left;
    const before = left;
    for (const share of active) {
      const part = Math.floor((before * share.claim.priority) / weight);
      const amount = Math.min(part, share.claim.max - share.allocated);
      share.allocated += amount;
      left -= amount;
    }
    if (left === before) {
      // Every part was rounded to nothing.
      first.allocated += 1;
      left -= 1;
    }
  }
}
