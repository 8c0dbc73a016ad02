/** Owns the node of the owner tab: pairing, the running host, its view, and the commands of the page. */
import type { ModelOffer } from '../../shared/bridge/messages.ts';
import type { Ready } from '../../shared/bridge/protocol.ts';
import { AppError, toAppError } from '../../shared/errors.ts';
import { uuidV4 } from '../../shared/random.ts';
import type { BridgeClient } from './bridge/bridge-client.ts';
import type { SessionKey, SessionKeyStore } from './bridge/session-key.ts';
import type { NodeHostDeps } from './host/host-deps.ts';
import type { Household } from './host/household.ts';
import { NodeHost } from './host/node-host.ts';
import type { Sleepers } from './host/sleepers.ts';
import type { DownloadsDeps } from '../inference/downloads/downloads.ts';
import type { AdapterChoices } from './lanes/adapter-choices.ts';
import type { LaneAdapters, LaneAdaptersDeps } from './lanes/lane-adapters.ts';
import { createModelCommands } from './lanes/model-commands.ts';
import type { ModelLibrary, ModelLibraryDeps } from './lanes/model-library.ts';
import type { OwnedNode } from './node-service.ts';
import { oneAfterAnother } from './one-after-another.ts';
import { Presenter } from './view/presenter.ts';
import { troubleOf } from './view/trouble.ts';
import type { ViewPublisher } from './view/view-publisher.ts';
import type { CommandResult } from './view.ts';

export interface OwnedNodeDeps extends Omit<NodeHostDeps, 'sink' | 'createAdapters' | 'identities'> {
  readonly publisher: ViewPublisher;
  readonly household: Household;
  readonly sessionKeys: SessionKeyStore;
  readonly sleepers: Sleepers;
  readonly adapters: AdapterChoices;
  /** Rejects with what the companion refuses the file with. */
  upload(client: BridgeClient, ...file: Parameters<ModelLibraryDeps['copyToCompanion']>): Promise<ModelOffer>;
  /** Rejects with what the companion refuses the code with. */
  pair(code: string): Promise<SessionKey>;
  createLanes(
    client: BridgeClient,
    told: Pick<LaneAdaptersDeps, 'onChange' | 'onOpened' | 'onNotLoaded' | 'onTrouble'>,
  ): LaneAdapters;
  createLibrary(
    told: Pick<ModelLibraryDeps, 'ready' | 'endpoint' | 'found' | 'copyToCompanion' | 'onChange'> &
      Pick<DownloadsDeps, 'approvedHosts' | 'gatedTicket'>,
  ): ModelLibrary;
}

export async function createOwnedNode(deps: OwnedNodeDeps): Promise<OwnedNode> {
  const { publisher, household, sleepers, stores, clock, random } = deps;
  let lanes: LaneAdapters | undefined;
  let client: BridgeClient | undefined;
  let approved: readonly string[] | undefined;
  let host: NodeHost | undefined;
  let stop: () => Promise<void> = () => Promise.resolve();

  const showBackup = async (restored?: { restored: number; skipped: number }): Promise<void> => {
    const backup = await household.backup();
    // What became of a restore stays told when those it brought move in.
    const lastRestore = restored ?? publisher.view.backup.lastRestore;
    publisher.change({ backup: { ...backup, ...(lastRestore && { lastRestore }) } });
  };

  const showAdapters = (): void => {
    publisher.change({ adapters: deps.adapters.view(readyOf(client)?.adapters ?? []) });
  };

  const presenter = new Presenter({
    publisher,
    store: stores.room,
    clock,
    isAsleep: (peerId) => sleepers.has(peerId),
    laneProgress: () => lanes?.progress,
    onIdentity: () => {
      // The first birth makes the recovery code: it is shown as soon as there is one.
      showBackup().catch((error: unknown) => {
        presenter.trouble(toAppError(error));
      });
    },
  });

  const start = (key: SessionKey): void => {
    const end = new AbortController();
    const started = new NodeHost({
      ...deps,
      identities: household,
      sink: presenter,
      createAdapters: (connected) => {
        client = connected;
        connected.states.subscribe(({ kind }) => {
          if (kind === 'ready') showAdapters();
        });
        showAdapters();
        lanes = deps.createLanes(connected, {
          onChange: (lane) => {
            publisher.change({ lane });
          },
          onTrouble: (error) => {
            presenter.trouble(toAppError(error));
          },
          onNotLoaded: (...failure) => {
            library.notLoaded(...failure).catch((error: unknown) => {
              presenter.trouble(toAppError(error));
            });
          },
          onOpened: (...opened) => {
            library.using(...opened).catch((error: unknown) => {
              presenter.trouble(toAppError(error));
            });
          },
        });
        // Also where no lane will open: then the person looks for a model that fits.
        library.show().catch((error: unknown) => {
          presenter.trouble(toAppError(error));
        });
        return lanes;
      },
    });
    host = started;
    const running = started.run(key, end.signal).catch((error: unknown) => {
      presenter.trouble(toAppError(error));
    });
    stop = async () => {
      end.abort(new AppError('Aborted', 'The node is stopped.'));
      await running;
      await lanes?.close();
      host = undefined;
    };
  };

  const restart = async (): Promise<void> => {
    await stop();
    const key = await deps.sessionKeys.load();
    if (key) start(key);
  };

  const command = async (work: () => Promise<void> | void): Promise<CommandResult> => {
    try {
      await work();
      return { ok: true };
    } catch (error) {
      return { ok: false, trouble: troubleOf(toAppError(error), clock) };
    }
  };

  const turn = oneAfterAnother();
  /** What starts the host anew, or moves everybody, follows one another: two hosts would fight over the same people. */
  const inTurn = (work: () => Promise<void>): Promise<CommandResult> => turn(() => command(work));

  const noSession = (): AppError =>
    new AppError('BridgeDown', 'There is no connection to the companion yet.');
  const library = deps.createLibrary({
    ready: () => readyOf(client),
    found: async () => {
      if (!client || !readyOf(client)) return [];
      // Without the companion there is no way to them: nothing to tell.
      const { models } = await client.request('foundModels', {}).catch(() => ({ models: [] }));
      return models;
    },
    copyToCompanion: async (...file) => {
      if (!client) throw noSession();
      client.learnModel(await deps.upload(client, ...file));
    },
    endpoint: () => readyOf(client)?.endpoint,
    approvedHosts: () => {
      const told = readyOf(client)?.approvedHosts;
      // What was approved stays so while the companion is away: a download goes on without it.
      if (told) approved = [...new Set([...(approved ?? []), ...told])];
      return approved;
    },
    gatedTicket: async () => {
      const ready = readyOf(client);
      // While it is away nobody knows whether it keeps one.
      if (!client || !ready) throw noSession();
      if (!ready.gatedToken) return undefined;
      return (await client.request('gatedTicket', {})).path;
    },
    onChange: (models) => {
      publisher.change({ models });
    },
  });

  const livingRoom = (): NonNullable<NodeHost['residence']> => {
    if (!host?.residence) throw noSession();
    return host.residence;
  };

  const key = await deps.sessionKeys.load();
  if (key) start(key);
  else publisher.change({ connection: { state: 'unpaired' } });
  await showBackup();
  library.open().catch((error: unknown) => {
    presenter.trouble(toAppError(error));
  });

  return {
    stop: async () => {
      library.close();
      await stop();
      publisher.flush();
    },
    commands: {
      pair: (code) =>
        inTurn(async () => {
          try {
            await deps.pair(code);
          } catch (error) {
            const trouble = troubleOf(toAppError(error), clock);
            if (!host) publisher.change({ connection: { state: 'unpaired', trouble } });
            throw error;
          }
          await restart();
        }),
      say: (channel, text) =>
        command(() => {
          const { human, feed } = livingRoom();
          if (channel !== feed.room.channel) throw new AppError('RoomUnresolved', 'That room is not open.');
          if (text.trim() === '') throw new AppError('ArgumentInvalid', 'An empty message says nothing.');
          // From here on its way is told on the timeline: sending, in the room, or failed with its cause.
          return human.citizen.post(uuidV4(random), text);
        }),
      retry: (key_) => command(() => livingRoom().human.outbox.retry(key_)),
      loadOlder: () => command(async () => presenter.timeline?.loadOlder()),
      markRead: (_channel, key_) => command(async () => presenter.timeline?.markRead(key_)),
      ...createModelCommands({
        library,
        lanes: () => {
          livingRoom();
          if (!lanes) throw noSession();
          return lanes;
        },
        client: () => {
          if (!client) throw noSession();
          return client;
        },
        rehost: (swap) => livingRoom().rehost(swap),
        rest: (reason) => livingRoom().rest(reason),
        wake: () => livingRoom().wake(),
        refusal: () => publisher.view.lane.trouble ?? publisher.view.lane.refusedModel,
        onApproved: (hosts) => {
          approved = hosts;
        },
        command,
        inTurn,
      }),
      chooseAdapter: (peerId, adapter) =>
        command(async () => {
          await deps.adapters.choose(peerId, adapter);
          showAdapters();
        }),
      setAsleep: (peerId, asleep) =>
        command(async () => {
          await sleepers.set(peerId, asleep);
          presenter.rested(peerId);
        }),
      backupFile: async () => {
        try {
          return { ok: true, ...(await household.backupFile()) };
        } catch (error) {
          return { ok: false, trouble: troubleOf(toAppError(error), clock) };
        }
      },
      restoreBackup: (fileText, recoveryCode) =>
        inTurn(async () => {
          try {
            await showBackup(await household.restore(fileText, recoveryCode));
          } catch (error) {
            const trouble = troubleOf(toAppError(error), clock);
            publisher.change({ backup: { ...publisher.view.backup, lastRestore: { trouble } } });
            throw error;
          }
          // Whoever was restored moves in with everything that was hers.
          await restart();
        }),
      confirmRecoveryCodeSaved: () =>
        command(async () => {
          await household.confirmRecoveryCodeSaved();
          await showBackup();
        }),
    },
  };
}

function readyOf(client: BridgeClient | undefined): Ready | undefined {
  return client?.state.kind === 'ready' ? client.state.session.ready : undefined;
}
