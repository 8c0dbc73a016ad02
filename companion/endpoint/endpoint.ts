/** Owns the one endpoint of this companion: set up by the person, kept on disk, asked for every answer anew. */
import type { EndpointModel, EndpointOffer, EndpointParams } from '../../shared/bridge/endpoint.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { requireNoAdapters } from '../../shared/inference/genome/adapters.ts';
import { createAdmission, type Admission } from '../../shared/inference/admission.ts';
import { chunkStream } from '../../shared/inference/chunk-stream.ts';
import { requireEmbeddable } from '../../shared/inference/embedding.ts';
import type { ChatMessage, GenerateChunk, GenerateRequest } from '../../shared/inference/generate.ts';
import type { LaneReport } from '../../shared/inference/lane.ts';
import type { LaneEngine } from '../llama/backend.ts';
import { withDeadline, type Deadline } from '../llama/deadline.ts';
import { takesGrammar, type Dialect } from './completion.ts';
import { aborted } from './endpoint-http.ts';
import { EndpointServer, type ServerFacts } from './endpoint-server.ts';
import type { Lookup } from './reach.ts';

/** What is kept: what the person gave, and what was found there. */
export interface StoredEndpoint extends EndpointParams {
  readonly offer: EndpointOffer;
}

export interface EndpointDeps {
  readonly clock: Clock;
  readonly lookup: Lookup;
  /** Replaces what is on disk, or removes it. */
  readonly save: (endpoint: StoredEndpoint | undefined) => Promise<void>;
  /** Of one answer; a big model on a busy server may read a prompt for minutes without a word. */
  readonly limits?: Deadline;
}

const LIMITS: Deadline = { stallMs: 180_000, totalMs: 900_000 };
/** Of telling what it has, for which no server needs a model in memory. */
const REACH_WITHIN_MS = 15_000;

/** What a server said of itself since this program runs. */
interface Connection {
  readonly server: EndpointServer;
  readonly facts: ServerFacts;
  /** By the server's name of the model. */
  readonly dialects: Map<string, Promise<Dialect>>;
}

/** One set-up and all that hangs on it: whoever began with it does not end in another. */
interface SetUp {
  readonly stored: StoredEndpoint;
  offer: EndpointOffer;
  connection: Promise<Connection> | undefined;
  /** Over every connection: what was begun in one goes on in the next. */
  queue: { readonly slots: number; readonly admission: Admission } | undefined;
}

export class Endpoint implements LaneEngine {
  readonly #deps: EndpointDeps;
  #setUp: SetUp | undefined;
  #lastChange: Promise<unknown> = Promise.resolve();

  constructor(stored: StoredEndpoint | undefined, deps: EndpointDeps) {
    this.#setUp = stored && { stored, offer: stored.offer, connection: undefined, queue: undefined };
    this.#deps = deps;
  }

  /** As it was found last; undefined while none is set up. Without the key. */
  offer(): EndpointOffer | undefined {
    return this.#setUp?.offer;
  }

  /** Resolves when the server has shown what it has and that is on disk. Rejects with the named errors of an endpoint. */
  async connect(params: EndpointParams, signal: AbortSignal): Promise<EndpointOffer> {
    const connection = await this.#reach(params, signal);
    const { offer } = connection.facts;
    const stored = { ...params, offer };
    await this.#change({ stored, offer, connection: Promise.resolve(connection), queue: undefined });
    return offer;
  }

  forget(): Promise<void> {
    return this.#change(undefined);
  }

  /** Rejects with `ModelNotFound` for one that this server does not have now, else as {@link connect}. */
  async open(modelId: string, signal: AbortSignal): Promise<LaneReport> {
    const { clock } = this.#deps;
    const startedMs = clock.monotonicMs();
    const setUp = this.#setUpOf();
    const leave = await turnToAsk(setUp, signal);
    // What it has may have changed since it was set up.
    setUp.connection = undefined;
    const { facts, model, dialect } = await this.#talk(setUp, modelId, signal).finally(leave);
    setUp.offer = facts.offer;
    const { address, server } = facts.offer;
    const constraint = takesGrammar(dialect)
      ? 'grammar'
      : dialect.hasJsonSchema
        ? 'JSON schema'
        : 'no schema';
    return {
      lane: 'endpoint',
      backend: 'remote',
      evidence: `${server === 'other' ? 'a server' : server} at ${address} answered, ${constraint}`,
      sentTo: address,
      model: { name: model.name, sizeBytes: 0, starter: false },
      contextTokens: model.contextTokens,
      threads: 1,
      loadMs: clock.monotonicMs() - startedMs,
    };
  }

  generate(modelId: string, request: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerateChunk> {
    return chunkStream(async (push, inner) => {
      requireNoAdapters(request.adapters, 'A server that you run');
      const { server, admission, name, dialect } = await this.#talk(this.#setUpOf(), modelId, inner);
      const leave = await admission.enter(inner, (ahead) => {
        push({ kind: 'queued', ahead });
      });
      try {
        await this.#withDeadline(inner, (both, alive) =>
          server.complete(name, request, dialect, push, alive, both),
        );
      } finally {
        leave();
      }
    }, signal);
  }

  async countPromptTokens(
    modelId: string,
    messages: readonly ChatMessage[],
    signal: AbortSignal,
  ): Promise<number> {
    const { server, admission, name, dialect } = await this.#talk(this.#setUpOf(), modelId, signal);
    // Any but llama.cpp thinks for it, and may break off what it thinks of for us.
    const leave = dialect.server === 'llama.cpp' ? () => undefined : await admission.enter(signal);
    try {
      return await this.#withDeadline(signal, (both) =>
        server.countPromptTokens(name, messages, dialect, both),
      );
    } finally {
      leave();
    }
  }

  /** It is the server's own. */
  hold(): () => void {
    return () => undefined;
  }

  async embed(modelId: string, text: string, signal: AbortSignal): Promise<Float32Array> {
    requireEmbeddable(text);
    const { server, admission, name } = await this.#talk(this.#setUpOf(), modelId, signal);
    const leave = await admission.enter(signal);
    try {
      return await this.#withDeadline(signal, (both) => server.embed(name, text, both));
    } finally {
      leave();
    }
  }

  #setUpOf(): SetUp {
    if (this.#setUp) return this.#setUp;
    throw new AppError('ModelNotFound', 'No server is set up in the companion any more.');
  }

  /** Who is talked to about this model, and how. Several callers of one moment share the questions. */
  async #talk(
    setUp: SetUp,
    modelId: string,
    signal: AbortSignal,
  ): Promise<
    Connection & {
      readonly name: string;
      readonly model: EndpointModel;
      readonly dialect: Dialect;
      readonly admission: Admission;
    }
  > {
    setUp.connection ??= this.#reach(setUp.stored, NEVER).catch((error: unknown) => {
      setUp.connection = undefined;
      throw error;
    });
    const connection = await orAborted(setUp.connection, signal);
    const { server, facts, dialects } = connection;
    const name = server.nameOf(modelId);
    const model = facts.offer.models.find(({ id }) => id === modelId);
    if (name === undefined)
      throw new AppError('ModelNotFound', 'Another server is set up in the companion now.');
    if (!model) throw new AppError('ModelNotFound', `${facts.offer.address} has no model ${name} any more.`);
    let asked = dialects.get(name);
    if (!asked) {
      asked = this.#withDeadline(NEVER, (both) => server.dialectOf(name, facts.offer.server, both));
      dialects.set(name, asked);
      asked.catch(() => dialects.delete(name));
    }
    if (setUp.queue?.slots !== facts.slots)
      setUp.queue = { slots: facts.slots, admission: createAdmission(facts.slots) };
    const { admission } = setUp.queue;
    return { ...connection, name, model, admission, dialect: await orAborted(asked, signal) };
  }

  async #withDeadline<T>(
    signal: AbortSignal,
    work: (signal: AbortSignal, alive: () => void) => Promise<T>,
    limits = this.#deps.limits ?? LIMITS,
  ): Promise<T> {
    const over = new AbortController();
    const expire = (): AppError => {
      const error = new AppError('TurnDeadlineExceeded', 'The server gave no answer in time.');
      over.abort(error);
      return error;
    };
    const both = AbortSignal.any([signal, over.signal]);
    return withDeadline(this.#deps.clock, limits, expire, (alive) => work(both, alive));
  }

  async #reach(params: EndpointParams, signal: AbortSignal): Promise<Connection> {
    const { clock, lookup } = this.#deps;
    const { address, key, isPublicConfirmed, contextTokens } = params;
    const server = new EndpointServer({ address, key, isPublicConfirmed, lookup, clock });
    const limits = { stallMs: REACH_WITHIN_MS, totalMs: REACH_WITHIN_MS };
    try {
      const facts = await this.#withDeadline(signal, (both) => server.describe(contextTokens, both), limits);
      return { server, facts, dialects: new Map() };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'TurnDeadlineExceeded') throw error;
      throw new AppError('EndpointUnreachable', `${new URL(address).host} takes the call and says nothing.`, {
        cause: error,
      });
    }
  }

  /** One after another: disk and memory tell the same. */
  #change(setUp: SetUp | undefined): Promise<void> {
    const change = this.#lastChange.then(async () => {
      await this.#deps.save(setUp?.stored);
      this.#setUp = setUp;
    });
    this.#lastChange = change.catch(() => undefined);
    return change;
  }
}

/** For what several callers wait for: no one of them may stop it. */
const NEVER = new AbortController().signal;

async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw aborted(signal);
  let stop: () => void = () => undefined;
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = () => {
      reject(aborted(signal));
    };
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** llama-cpp-python breaks an answer off even for being asked what it has. */
async function turnToAsk({ offer, queue }: SetUp, signal: AbortSignal): Promise<() => void> {
  const isBusy = offer.server === 'llama-cpp-python' && queue !== undefined;
  return isBusy ? queue.admission.enter(signal) : () => undefined;
}
