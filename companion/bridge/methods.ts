/** Owns what each request of a page does. What a method takes and gives is in shared/bridge/protocol.ts. */
import * as v from 'valibot';
import { encodeBody } from '../../shared/airc/body.ts';
import {
  METHODS,
  PATHS,
  type MethodName,
  type MethodParams,
  type MethodResult,
} from '../../shared/bridge/protocol.ts';
import { AppError } from '../../shared/errors.ts';
import { verifyClaim } from './claim.ts';
import { toInboxResult } from './inbox-page.ts';
import type { LaneCalls } from './lane-calls.ts';
import type { LeaseHolder } from './leases.ts';
import type { RelayDeps } from './relay-deps.ts';
import type { DaemonWatch } from './daemon-watch.ts';
import type { Subscriptions } from './subscriptions.ts';

/** Everything a method may touch of the socket it came on. */
export interface MethodScope {
  readonly deps: RelayDeps;
  readonly daemon: DaemonWatch;
  readonly nonce: string;
  readonly holder: LeaseHolder;
  readonly subscriptions: Subscriptions;
  readonly lane: LaneCalls;
  /** Tells the page of that request how far it is, a few times a second. */
  readonly progress: (requestId: number) => (done: number, total: number) => void;
  /** Aborts at the end of the socket. */
  readonly signal: AbortSignal;
}

type Handlers = {
  readonly [M in MethodName]: (
    params: MethodParams<M>,
    scope: MethodScope,
    requestId: number,
  ) => Promise<MethodResult<M>>;
};

const HANDLERS: Handlers = {
  claim: async (params, { deps, nonce, holder, signal }) => {
    await verifyClaim(params, nonce, deps.verifier);
    await deps.pins.ensure(params.peerId, params.publicKey);
    signal.throwIfAborted();
    const fence = deps.leases.claim(params.peerId, holder);
    await deps.leases.settled(params.peerId);
    return { fence };
  },
  release: ({ peerId }, { deps, holder }) => {
    deps.leases.release(peerId, holder);
    return Promise.resolve({});
  },
  roomTip: async ({ channel }, { daemon, signal }) => {
    const tip = await daemon.call((connection, within) => connection.roomTip(channel, within), signal);
    return tip === undefined ? {} : { tip };
  },
  inbox: async ({ channel, since, limit }, { daemon, signal }) => {
    const query = since === undefined ? { channel, limit } : { channel, since, limit };
    const page = await daemon.call((connection, within) => connection.inbox(query, within), signal);
    return toInboxResult(page, since === undefined ? 'newest' : 'first');
  },
  attach: async (params, { subscriptions }) => {
    await subscriptions.attach(params);
    return {};
  },
  detach: ({ subscription }, { subscriptions }) => {
    subscriptions.detach(subscription);
    return Promise.resolve({});
  },
  publish: async ({ fence, body, headers, coalesceKey, ...event }, { deps, daemon, holder }) => {
    const request = {
      ...event,
      ...(coalesceKey === undefined ? {} : { coalesceKey }),
      headers: new Map(headers),
      payload: encodeBody(body),
    };
    return deps.leases.publishAs(event.fromPeer, fence, holder, () =>
      // Not the socket's signal: an event that is half sent is worth less than one whose answer nobody hears.
      daemon.call((connection, within) => connection.publish(request, within), deps.signal),
    );
  },
  laneOpen: ({ modelId }, { lane }) => lane.open(modelId),
  laneGenerate: async ({ modelId, request }, { lane }, requestId) => {
    await lane.generate(requestId, modelId, request);
    return {};
  },
  laneAbort: ({ requestId }, { lane }) => {
    lane.abort(requestId);
    return Promise.resolve({});
  },
  laneCountTokens: async ({ modelId, messages }, { lane }) => ({
    tokens: await lane.countTokens(modelId, messages),
  }),
  laneEmbed: async ({ modelId, text }, { lane }, requestId) => ({
    vector: Array.from(await lane.embed(requestId, modelId, text)),
  }),
  laneRelease: ({ modelId }, { lane }) => {
    lane.release(modelId);
    return Promise.resolve({});
  },
  approveHost: async ({ host }, { deps }) => ({ hosts: [...(await deps.hosts.approve(host))] }),
  foundModels: async (_params, { deps }) => ({ models: [...(await deps.adopted.list())] }),
  adoptModel: ({ id }, { deps, progress }, requestId) => deps.adopted.adopt(id, progress(requestId)),
  endpointConnect: (params, { deps, signal }) => deps.endpoint.connect(params, signal),
  endpointForget: async (_params, { deps }) => {
    await deps.endpoint.forget();
    return {};
  },
  gatedTokenSet: ({ token }, { deps }) => deps.gated.token.set(token),
  gatedTokenForget: async (_params, { deps }) => {
    await deps.gated.token.forget();
    return {};
  },
  gatedTicket: (_params, { deps, signal }) =>
    Promise.resolve({ path: PATHS.gated + deps.gated.tickets.issue(signal) }),
  uploadTicket: ({ name, sizeBytes }, { deps }) =>
    Promise.resolve({ path: PATHS.uploads + deps.shelf.openUpload(name, sizeBytes) }),
};

/** Rejects with `ProtocolViolation` for parameters that are not the method's, else with what the method fails with. */
export async function runMethod<M extends MethodName>(
  method: M,
  params: unknown,
  scope: MethodScope,
  requestId: number,
): Promise<MethodResult<M>> {
  const parsed = v.safeParse(METHODS[method].params, params);
  if (!parsed.success) {
    throw new AppError('ProtocolViolation', `The parameters of "${method}" are malformed.`, {
      detail: v.flatten(parsed.issues).nested ? JSON.stringify(v.flatten(parsed.issues).nested) : '',
    });
  }
  // The schema was chosen by the method, which the compiler cannot follow through the map.
  return HANDLERS[method](parsed.output as MethodParams<M>, scope, requestId);
}
