/** Owns which model is loaded at the next start: the companion's, unless the person opened another one since. */
import * as v from 'valibot';
import type { ModelOffer } from '../../../shared/bridge/messages.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ModelSource, RememberedModel } from '../../inference/models/model-source.ts';
import type { SettingsStore } from '../storage/stores.ts';

export interface ModelChoice {
  source(offers: readonly ModelOffer[]): Promise<ModelSource>;
  remember(model: RememberedModel, offers: readonly ModelOffer[]): Promise<void>;
  /** From now on the companion's. */
  forget(): Promise<void>;
}

const KEY = 'model';

const RowSchema = v.object({
  model: v.object({
    name: v.string(),
    sizeBytes: v.number(),
    sha256: v.string(),
    /** Absent in rows that were written before there was a starter. */
    starter: v.optional(v.boolean(), false),
  }),
  /** The companion's model when the person chose: a later `--model` is the newer wish. */
  insteadOf: v.optional(v.string()),
});

export function createModelChoice(settings: SettingsStore): ModelChoice {
  return {
    source: async (offers) => {
      const offer = offers.at(0);
      const row = v.safeParse(RowSchema, await settings.get(KEY));
      // Another starter came with another version: nobody's wish.
      if (row.success && (row.output.insteadOf === offer?.sha256 || offer?.starter)) {
        return { kind: 'remembered', model: row.output.model };
      }
      if (!offer) throw new AppError('ModelNotFound', 'The companion has no model to offer.');
      return { kind: 'offer', offer };
    },
    forget: () => settings.put(KEY, undefined),
    remember: async (model, offers) => {
      const insteadOf = offers.at(0)?.sha256;
      // Back at what the companion brings: whatever it brings next is right too.
      if (model.sha256 === insteadOf) return settings.put(KEY, undefined);
      await settings.put(KEY, { model, ...(insteadOf === undefined ? {} : { insteadOf }) });
    },
  };
}
