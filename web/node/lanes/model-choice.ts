/** Owns which model is loaded at the next start: the companion's, unless the person opened another one since. */
import * as v from 'valibot';
import type { ModelOffer } from '../../../shared/bridge/messages.ts';
import { AppError } from '../../../shared/errors.ts';
import { MlcFactsSchema } from '../../../shared/models/mlc-lists.ts';
import type { KnownModel, ModelSource } from '../../inference/models/model-source.ts';
import type { SettingsStore } from '../storage/stores.ts';

export interface ModelChoice {
  source(offers: readonly ModelOffer[]): Promise<ModelSource>;
  remember(known: KnownModel, offers: readonly ModelOffer[]): Promise<void>;
  /** From now on the companion's. */
  forget(): Promise<void>;
}

const KEY = 'model';

/** The companion's model when the person chose: a later `--model` is the newer wish. */
const InsteadOfSchema = v.optional(v.string());

const RowSchema = v.union([
  v.object({
    model: v.object({
      name: v.string(),
      sizeBytes: v.number(),
      sha256: v.string(),
      /** Absent in rows that were written before there was a starter. */
      starter: v.optional(v.boolean(), false),
      bundle: v.optional(v.object({ id: v.string(), mlc: v.optional(MlcFactsSchema) })),
    }),
    insteadOf: InsteadOfSchema,
  }),
  v.object({
    endpoint: v.object({ id: v.string(), name: v.string(), address: v.string() }),
    insteadOf: InsteadOfSchema,
  }),
]);

export function createModelChoice(settings: SettingsStore): ModelChoice {
  return {
    source: async (offers) => {
      const offer = offers.at(0);
      const row = v.safeParse(RowSchema, await settings.get(KEY));
      // Another starter came with another version: nobody's wish.
      if (row.success && (row.output.insteadOf === offer?.sha256 || offer?.starter)) {
        return 'endpoint' in row.output
          ? { kind: 'endpoint', model: row.output.endpoint }
          : { kind: 'remembered', model: row.output.model };
      }
      if (!offer) throw new AppError('ModelNotFound', 'The companion has no model to offer.');
      return { kind: 'offer', offer };
    },
    forget: () => settings.put(KEY, undefined),
    remember: async (known, offers) => {
      const insteadOf = offers.at(0)?.sha256;
      // Back at what the companion brings: whatever it brings next is right too.
      if (known.kind === 'remembered' && known.model.sha256 === insteadOf)
        return settings.put(KEY, undefined);
      const row = known.kind === 'endpoint' ? { endpoint: known.model } : { model: known.model };
      await settings.put(KEY, { ...row, ...(insteadOf === undefined ? {} : { insteadOf }) });
    },
  };
}
