/** Owns what the page can ask about models: use one, fetch one, approve a host, free the space. */
import * as v from 'valibot';
import { EndpointParamsSchema } from '../../../shared/bridge/endpoint.ts';
import { GatedTokenSchema } from '../../../shared/bridge/gated.ts';
import { AppError } from '../../../shared/errors.ts';
import type { BridgeClient } from '../bridge/bridge-client.ts';
import type { CommandResult, NodeCommands, Trouble } from '../view.ts';
import { DeviceShareSchema } from './device-share.ts';
import { LanePlaceSchema } from './lane-place.ts';
import type { LaneAdapters } from './lane-adapters.ts';
import type { ModelLibrary } from './model-library.ts';
import type { ModelSource } from '../../inference/models/model-source.ts';
import { oneFile } from '../../inference/models/one-file.ts';

/** A model that is slower than that is measured by the turns it takes. */
const MEASURE_WITHIN_MS = 120_000;

export interface ModelCommandsDeps {
  readonly library: ModelLibrary;
  /** Throw `BridgeDown` while there is no session. */
  lanes(): LaneAdapters;
  client(): Pick<BridgeClient, 'request' | 'learnEndpoint' | 'learnGatedToken'>;
  /** Everybody stops thinking, `swap` runs, everybody goes on. */
  rehost(swap: () => Promise<void>): Promise<void>;
  /** Everybody stops thinking and the lane is closed, until `wake` or `rehost`. */
  rest(reason: AppError): Promise<void>;
  wake(): Promise<void>;
  /** What stands against the model that was asked for, after the rehosting. */
  refusal(): Trouble | undefined;
  onApproved(hosts: readonly string[]): void;
  /** Reports a failure as the command's result. */
  readonly command: (work: () => Promise<void>) => Promise<CommandResult>;
  /** As `command`, one after another. */
  readonly inTurn: (work: () => Promise<void>) => Promise<CommandResult>;
}

type ModelCommands = Pick<
  NodeCommands,
  | 'openModel'
  | 'useModel'
  | 'download'
  | 'resumeDownload'
  | 'pauseDownload'
  | 'removeDownload'
  | 'approveHost'
  | 'checkModel'
  | 'copyModel'
  | 'removeModel'
  | 'connectEndpoint'
  | 'forgetEndpoint'
  | 'setGatedToken'
  | 'forgetGatedToken'
  | 'freeDevice'
  | 'thinkAgain'
  | 'setDeviceShare'
  | 'setLanePlace'
  | 'measureSpeed'
>;

export function createModelCommands(deps: ModelCommandsDeps): ModelCommands {
  const { library, command, inTurn } = deps;
  const moveTo = async (source: ModelSource): Promise<void> => {
    const lanes = deps.lanes();
    // Before anybody stops thinking with what works.
    await lanes.take(source);
    await deps.rehost(() => lanes.close());
    const refusal = deps.refusal();
    if (refusal) throw new AppError(refusal.code, refusal.message);
  };
  return {
    openModel: (files) => inTurn(async () => moveTo({ kind: 'file', file: await oneFile(files) })),
    useModel: (id) => inTurn(async () => moveTo(await library.source(id))),
    download: (address) => command(() => library.download(address)),
    resumeDownload: (id) => command(() => library.resume(id)),
    pauseDownload: (id) => command(() => library.pause(id)),
    removeDownload: (id) => command(() => library.removeDownload(id)),
    approveHost: (host) =>
      command(async () => {
        const { hosts } = await deps.client().request('approveHost', { host });
        deps.onApproved(hosts);
      }),
    checkModel: (sha256) => inTurn(() => library.check(sha256)),
    copyModel: (sha256) => command(() => library.copy(sha256)),
    removeModel: (sha256) => inTurn(() => library.remove(sha256)),
    connectEndpoint: (wish) =>
      inTurn(async () => {
        const params = v.safeParse(EndpointParamsSchema, wish);
        if (!params.success) throw new AppError('EndpointRefused', params.issues[0].message);
        library.refuseEndpointInUse();
        const client = deps.client();
        client.learnEndpoint(await client.request('endpointConnect', params.output));
        await library.show();
      }),
    forgetEndpoint: () =>
      inTurn(async () => {
        library.refuseEndpointInUse();
        const client = deps.client();
        await client.request('endpointForget', {});
        client.learnEndpoint(undefined);
        await library.show();
      }),
    setGatedToken: (wish) =>
      inTurn(async () => {
        const token = v.safeParse(GatedTokenSchema, wish);
        if (!token.success) throw new AppError('ModelGated', `That is no token. ${token.issues[0].message}`);
        const client = deps.client();
        client.learnGatedToken(await client.request('gatedTokenSet', { token: token.output }));
        await library.show();
      }),
    forgetGatedToken: () =>
      inTurn(async () => {
        const client = deps.client();
        await client.request('gatedTokenForget', {});
        client.learnGatedToken(undefined);
        await library.show();
      }),
    // Not in turn: it waits for no check of a file. The residence keeps the order of what moves people.
    freeDevice: () =>
      command(() => deps.rest(new AppError('DeviceFreed', 'The device was freed for something else.'))),
    thinkAgain: () => command(() => deps.wake()),
    setDeviceShare: (wish) =>
      command(async () => {
        const share = v.safeParse(DeviceShareSchema, wish);
        if (!share.success) throw new AppError('ArgumentInvalid', 'There is no such share.');
        await deps.lanes().setShare(share.output);
      }),
    setLanePlace: (wish) =>
      inTurn(async () => {
        const place = v.safeParse(LanePlaceSchema, wish);
        if (!place.success) throw new AppError('ArgumentInvalid', 'There is no such place.');
        const lanes = deps.lanes();
        await lanes.takePlace(place.output);
        await deps.rehost(() => lanes.close());
      }),
    measureSpeed: () => command(() => deps.lanes().measure(AbortSignal.timeout(MEASURE_WITHIN_MS))),
  };
}
