/** Owns which model files there are: the one the companion was started with, then what was uploaded. */
import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { toBase64Url } from '../../shared/base64url.ts';
import type { ModelOffer } from '../../shared/bridge/messages.ts';
import { PATHS } from '../../shared/bridge/protocol.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { RandomSource } from '../../shared/random.ts';
import { MLC_FILES } from '../../shared/models/mlc-files.ts';
import { splitNamesOf } from '../../shared/inference/gguf-split-names.ts';
import { needsOf } from '../../shared/models/model-needs.ts';
import { readMlcFolder, type MlcFolder } from '../mlc/mlc-folder.ts';
import type { ModelShelf } from './backend.ts';
import { readModelFile } from './model-file.ts';
import { sha256OfModel } from './model-bytes.ts';
import { createModelFolder, type StoredModel } from './model-folder.ts';
import { readingOf } from './told-reading.ts';

export interface ModelShelfDeps {
  /** The home folder; uploads go into `models` in it. */
  readonly home: string;
  /** `--model`: a GGUF file, any part of one in several, or a folder that MLC compiled; else the starter of the build. */
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
/** More announced uploads than this and the oldest one is forgotten. */
const MAX_TICKETS = 16;

/**
 * Rejects with what is wrong with `modelPath`: `ModelNotFound`, `ModelNotGguf`, `ModelTruncated`, `ModelIncomplete`,
 * `ModelUnsupported`. Reads that model once to hash it.
 */
export async function createModelShelf(deps: ModelShelfDeps): Promise<ModelShelf> {
  const { home, clock, random } = deps;
  const folder = createModelFolder(join(home, 'models'), random);
  const offers = new Map<string, ModelOffer>();
  /** By what follows {@link PATHS.models} in an address. */
  const paths = new Map<string, string>();
  const tickets = new Map<string, Ticket>();
  const add = (model: StoredModel, fallbackName: string): ModelOffer => {
    const offer = offerOf(model, fallbackName);
    if (!offers.has(offer.id)) {
      offers.set(offer.id, offer);
      paths.set(offer.id, model.path);
    }
    return offer;
  };
  const addCompiled = ({ files, library, contextTokens, needsF16, ...model }: MlcFolder): void => {
    const { sha256 } = model;
    const path = PATHS.models + sha256;
    const mlc = { library, contextTokens, needsF16 };
    offers.set(sha256, { ...model, id: sha256, starter: false, path, mlc });
    for (const [name, file] of files) paths.set(`${sha256}/${MLC_FILES}${name}`, file);
  };

  const path = resolve(deps.modelPath);
  if (await isFolder(path)) addCompiled(await readMlcFolder(path, readingOf(path, undefined, deps)));
  else {
    const first = await readModelFile(path);
    const sha256 = await sha256OfModel(first, readingOf(path, first.sizeBytes, deps));
    add({ ...first, sha256 }, splitNamesOf(basename(path))?.name ?? basename(path));
  }
  for (const model of await folder.sweep()) add(model, model.sha256.slice(0, 8));

  return {
    offers: () => [...offers.values()],
    add,
    pathOf: (name) => paths.get(name),
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

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

function offerOf({ header, sizeBytes, sha256 }: StoredModel, fallbackName: string): ModelOffer {
  return {
    id: sha256,
    name: header.name ?? fallbackName,
    sizeBytes,
    sha256,
    starter: header.starter,
    path: `${PATHS.models}${sha256}`,
    needs: needsOf(header),
  };
}
