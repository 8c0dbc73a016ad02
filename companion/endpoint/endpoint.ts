/** Owns the one endpoint of this companion: set up by the person, kept on disk, asked for every answer anew. */
import {
  ENDPOINT_MODEL,
  type EndpointModel,
  type EndpointOffer,
  type EndpointParams,
} from '../../shared/bridge/endpoint.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { createAdmission, type Admission } from '../../shared/inference/admission.ts';
import { chunkStream } from '../../shared/inference/chunk-stream.ts';
import type { ChatMessage, GenerateChunk, GenerateRequest } from '../../shared/inference/generate.ts';
import type { LaneReport } from '../../shared/inference/lane.ts';
import type { LaneEngine } from '../llama/backend.ts';
import { withDeadline, type Deadline } from '../llama/deadline.ts';
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

/** The server of one set-up, and what it said of itself since this program runs. */
interface Connection {
  readonly server: EndpointServer;
  readonly facts: ServerFacts;
  readonly admission: Admission;
}

export class Endpoint implements LaneEngine {
  readonly #deps: EndpointDeps;
  #stored: StoredEndpoint | undefined;
  #connection: Connection | undefined;

  constructor(stored: StoredEndpoint | undefined, deps: EndpointDeps) {
    this.#stored = stored;
    this.#deps = deps;
  }

  /** As it was found last; undefined while none is set up. Without the key. */
  offer(): EndpointOffer | undefined {
    return this.#stored?.offer;
  }

  /** Resolves when the server has shown what it has and that is on disk. Rejects with the named errors of an endpoint. */
  async connect(params: EndpointParams, signal: AbortSignal): Promise<EndpointOffer> {
    const connection = await this.#reach(params, signal);
    const { offer } = connection.facts;
    await this.#keep({ ...params, offer });
    this.#connection = connection;
    return offer;
  }

  async forget(): Promise<void> {
    await this.#keep(undefined);
    this.#connection = undefined;
  }

  /** Rejects with `ModelNotFound` for one that the server does not have now, else as {@link connect}. */
  async open(modelId: string, signal: AbortSignal): Promise<LaneReport> {
    if (!this.#stored) throw notSetUp();
    const { clock } = this.#deps;
    const startedMs = clock.monotonicMs();
    // What it has may have changed since it was set up.
    await this.connect(this.#stored, signal);
    const { facts } = await this.#connected(signal);
    const { address, server } = facts.offer;
    const model = modelOf(facts, modelId);
    const constraint =
      server === 'llama.cpp' ? 'grammar' : facts.dialect.hasJsonSchema ? 'JSON schema' : 'no schema';
    return {
      lane: 'endpoint',
      backend: 'remote',
      evidence: `${server === 'llama.cpp' ? 'llama.cpp' : 'a server'} at ${address} answered, ${constraint}`,
      sentTo: address,
      model: { name: model.name, sizeBytes: 0, starter: false },
      contextTokens: model.contextTokens,
      threads: 1,
      loadMs: clock.monotonicMs() - startedMs,
    };
  }

  generate(modelId: string, request: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerateChunk> {
    return chunkStream(async (push, inner) => {
      const { server, facts, admission } = await this.#connected(inner);
      modelOf(facts, modelId);
      const leave = await admission.enter(inner, (ahead) => {
        push({ kind: 'queued', ahead });
      });
      try {
        await this.#ask(inner, (both, alive) =>
          server.complete(serverName(modelId), request, facts.dialect, push, alive, both),
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
    const { server, facts } = await this.#connected(signal);
    return this.#ask(signal, (both) =>
      server.countPromptTokens(serverName(modelId), messages, facts.dialect, both),
    );
  }

  /** Within the deadline; and no server's words bring the key to a page or a log. */
  async #ask<T>(
    signal: AbortSignal,
    work: (signal: AbortSignal, alive: () => void) => Promise<T>,
    key = this.#stored?.key,
  ): Promise<T> {
    const over = new AbortController();
    const expire = (): AppError => {
      const error = new AppError('TurnDeadlineExceeded', 'The server gave no answer in time.');
      over.abort(error);
      return error;
    };
    const both = AbortSignal.any([signal, over.signal]);
    try {
      const limits = this.#deps.limits ?? LIMITS;
      return await withDeadline(this.#deps.clock, limits, expire, (alive) => work(both, alive));
    } catch (error) {
      if (key !== undefined && error instanceof AppError && error.message.includes(key))
        throw new AppError(error.code, error.message.replaceAll(key, '(the key)'));
      throw error;
    }
  }

  async #connected(signal: AbortSignal): Promise<Connection> {
    if (!this.#stored) throw notSetUp();
    return (this.#connection ??= await this.#reach(this.#stored, signal));
  }

  async #reach(params: EndpointParams, signal: AbortSignal): Promise<Connection> {
    const { clock, lookup } = this.#deps;
    const { address, key, isPublicConfirmed, contextTokens } = params;
    const server = new EndpointServer({ address, key, isPublicConfirmed, lookup, clock });
    const facts = await this.#ask(signal, (both) => server.describe(contextTokens, both), key);
    return { server, facts, admission: createAdmission(facts.slots) };
  }

  async #keep(stored: StoredEndpoint | undefined): Promise<void> {
    await this.#deps.save(stored);
    this.#stored = stored;
  }
}

function modelOf({ offer }: ServerFacts, modelId: string): EndpointModel {
  const model = offer.models.find(({ id }) => id === modelId);
  if (model) return model;
  throw new AppError('ModelNotFound', `${offer.address} has no model ${serverName(modelId)} any more.`);
}

function serverName(modelId: string): string {
  return modelId.slice(ENDPOINT_MODEL.length);
}

function notSetUp(): AppError {
  return new AppError('ModelNotFound', 'No server is set up in the companion any more.');
}
