/** Owns the stored form of the endpoint; the file holds its key and is for its owner alone. */
import { lookup } from 'node:dns/promises';
import * as v from 'valibot';
import { EndpointOfferSchema, EndpointParamsSchema } from '../../shared/bridge/endpoint.ts';
import type { Clock } from '../../shared/clock.ts';
import type { RandomSource } from '../../shared/random.ts';
import { Endpoint, type StoredEndpoint } from '../endpoint/endpoint.ts';
import { readStored, removeStored, writeStored, type StoredForm } from './stored-json.ts';

const FORM: StoredForm<StoredEndpoint> = {
  version: 1,
  schema: v.object({ ...EndpointParamsSchema.entries, offer: EndpointOfferSchema }),
  what: 'the set-up of a model server',
};

/** Rejects with `HomeUnusable` or `StoreTooNew`, and leaves the file alone. */
export async function openEndpoint(
  path: string,
  { clock, random }: { readonly clock: Clock; readonly random: RandomSource },
): Promise<Endpoint> {
  return new Endpoint(await readStored(path, FORM), {
    clock,
    lookup: (host) => lookup(host, { all: true }),
    save: (endpoint) => (endpoint ? writeStored(path, FORM, endpoint, random) : removeStored(path)),
  });
}
