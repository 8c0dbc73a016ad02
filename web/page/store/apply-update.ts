/** Owns the rule by which the page's view follows the node's: a snapshot replaces it, patches only in their order. */
import type { NodeView, NodeWorkerApi } from '../../node/view.ts';

export type NodeUpdate = Parameters<Parameters<NodeWorkerApi['listen']>[0]>[0];

export type Applied =
  | { readonly kind: 'changed'; readonly view: NodeView }
  /** Older than what is shown: nothing to do. */
  | { readonly kind: 'stale' }
  /** One in between never came: only a snapshot helps. */
  | { readonly kind: 'gap' };

export function applyUpdate(view: NodeView | undefined, update: NodeUpdate): Applied {
  if (update.kind === 'snapshot') return { kind: 'changed', view: update.view };
  if (!view || update.patch.seq > view.seq + 1) return { kind: 'gap' };
  if (update.patch.seq <= view.seq) return { kind: 'stale' };
  return { kind: 'changed', view: { ...view, ...update.patch } };
}
