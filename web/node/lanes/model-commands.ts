/** Owns what the page can ask about models: use one, fetch one, approve a host, free the space. */
import * as v from 'valibot';
import { EndpointParamsSchema } from '../../../shared/bridge/endpoint.ts';
import { AppError } from '../../../shared/errors.ts';
import type { BridgeClient } from '../bridge/bridge-client.ts';
import type { CommandResult, NodeCommands, Trouble } from '../view.ts';
import type { LaneAdapters } from './lane-adapters.ts';
import type { ModelLibrary } from './model-library.ts';
import type { ModelSource } from '../../inference/models/model-source.ts';

export interface ModelCommandsDeps {
  readonly library: ModelLibrary;
  /** Throw `BridgeDown` while there is no session. */
  lanes(): LaneAdapters;
  client(): Pick<BridgeClient, 'request' | 'learnEndpoint'>;
  /** Everybody stops thinking, `swap` runs, everybody goes on. */
  rehost(swap: () => Promise<void>): Promise<void>;
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
    openModel: (file) => inTurn(() => moveTo({ kind: 'file', file })),
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
  };
}
