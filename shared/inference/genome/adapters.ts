/** Owns what a request may ask of LoRA adapters, and the one set that it means by that. */
import * as v from 'valibot';
import { AppError } from '../../errors.ts';

/** Of one request. */
export const MAX_ADAPTERS = 4;

/** SHA-256 of the adapter's file, lower-case hex: another byte is another adapter. */
export const AdapterIdSchema = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

export const AdapterUsesSchema = v.pipe(
  v.array(
    v.object({
      id: AdapterIdSchema,
      /** How much of it: 0 is the model alone, 1 what it was trained for. */
      scale: v.pipe(v.number(), v.minValue(0), v.maxValue(2)),
    }),
  ),
  v.maxLength(MAX_ADAPTERS),
  v.check((uses) => new Set(uses.map(({ id }) => id)).size === uses.length, 'An adapter is named twice.'),
);
export type AdapterUse = v.InferOutput<typeof AdapterUsesSchema>[number];

/** Those that change anything, in one order: the same set is the same list. Empty is the model alone. */
export function activeAdapters(uses: readonly AdapterUse[] | undefined): readonly AdapterUse[] {
  const active = (uses ?? []).filter(({ scale }) => scale > 0);
  return active.toSorted((one, other) => (one.id < other.id ? -1 : 1));
}

/** The same for the same set, another for every other one. */
export function adapterSetName(active: readonly AdapterUse[]): string {
  return active.map(({ id, scale }) => `${id}@${scale}`).join('+');
}

/** Of a lane that has no adapters. Throws `AdaptersUnsupported`: an answer of the model alone would be another one. */
export function requireNoAdapters(uses: readonly AdapterUse[] | undefined, lane: string): void {
  if (activeAdapters(uses).length > 0)
    throw new AppError('AdaptersUnsupported', `${lane} does not put LoRA adapters on a model.`);
}
