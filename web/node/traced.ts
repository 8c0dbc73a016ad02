/** Owns the sign by which the page asks the node worker to write down what goes into a model and comes out of it. */

/** Name of a node worker that does; the page gives it when its own address has `?trace`. */
export const TRACED_NODE = 'node-traced';
