/** Owns which model files there are: the one the companion was started with, then what was uploaded. */
import { basename, join, resolve } from 'node:path';
import { toBase64Url } from '../../shared/base64url.ts';
import type { ModelOffer } from '../../shared/bridge/messages.ts';
import { PATHS } from '../../shared/bridge/protocol.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { RandomSource } from '../../shared/random.ts';
import type { ModelShelf } from './backend.ts';
import { readModelFile } from './model-file.ts';
import { createModelFolder, sha256Of, type StoredModel } from './model-folder.ts';

export interface ModelShelfDeps {
  /** The home folder; uploads go into `models` in it. */
  readonly home: string;
  /** `--model FILE`, or the starter of the build. */
  readonly modelPath: string;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** A line for the person who waits for the start. */
  readonly tell: (line: string) => void;
}

interface Ticket {
  readonly name: string;
  readonly sizeBytes: number;
  readonly expiresMs: number;
}

const TICKET_LIVES_MS = 60_000;
const TICKET_BYTES = 32;
const TELL_EVERY_MS = 1_000;
/** More announced uploads than this and the oldest one is forgotten. */
const MAX_TICKETS = 16;

/**
 * Rejects with what is wrong with `modelPath`: `ModelNotFound`, `ModelNotGguf`, `ModelTruncated`, `ModelUnsupported`.
 * Reads that file once to hash it.
 */
export async function createModelShelf(deps: ModelShelfDeps): Promise<ModelShelf> {
  const { home, clock, random } = deps;
  const folder = createModelFolder(join(home, 'models'), random);
  const models = new Map<string, { readonly path: string; readonly offer: ModelOffer }>();
  const tickets = new Map<string, Ticket>();
  const add = (model: StoredModel, fallbackName: string): ModelOffer => {
    const offer = offerOf(model, fallbackName);
    if (!models.has(offer.id)) models.set(offer.id, { path: model.path, offer });
    return offer;
  };

  const path = resolve(deps.modelPath);
  const first = await readModelFile(path);
  add({ ...first, sha256: await sha256Of(path, readingOf(path, first.sizeBytes, deps)) }, basename(path));
  for (const model of await folder.sweep()) add(model, model.sha256.slice(0, 8));

  return {
    offers: () => Array.from(models.values(), ({ offer }) => offer),
    pathOf: (modelId) => models.get(modelId)?.path,
    openUpload: (name, sizeBytes) => {
      const ticket = toBase64Url(random.bytes(TICKET_BYTES));
      tickets.set(ticket, { name, sizeBytes, expiresMs: clock.monotonicMs() + TICKET_LIVES_MS });
      const [oldest] = tickets.keys();
      if (tickets.size > MAX_TICKETS && oldest !== undefined) tickets.delete(oldest);
      return ticket;
    },
    receiveUpload: async (ticket, body, signal) => {
      const upload = tickets.get(ticket);
      tickets.delete(ticket);
      if (!upload || upload.expiresMs < clock.monotonicMs())
        throw new AppError('ArgumentInvalid', 'This upload was not announced, or too long ago.');
      return add(await folder.store(body, upload.sizeBytes, signal), upload.name);
    },
  };
}

/** Tells how far the reading of a large file is, once a second. */
function readingOf(
  path: string,
  sizeBytes: number,
  { clock, tell }: Pick<ModelShelfDeps, 'clock' | 'tell'>,
): (read: number) => void {
  let toldMs = clock.monotonicMs();
  return (read) => {
    if (clock.monotonicMs() - toldMs < TELL_EVERY_MS) return;
    toldMs = clock.monotonicMs();
    tell(`Reading ${basename(path)}: ${inMebibytes(read)} of ${inMebibytes(sizeBytes)} MiB`);
  };
}

function inMebibytes(bytes: number): string {
  return Math.round(bytes / 1024 ** 2).toLocaleString('en-GB');
}

function offerOf({ header, sizeBytes, sha256 }: StoredModel, fallbackName: string): ModelOffer {
  return {
    id: sha256,
    name: header.name ?? fallbackName,
    sizeBytes,
    sha256,
    starter: header.starter,
    path: `${PATHS.models}${sha256}`,
  };
}
