/** Owns the node in a real browser: database, cryptography, sockets, workers, clock, put together. */
import { systemClock } from '../../shared/clock.ts';
import { createLogger, type LogSink } from '../../shared/log.ts';
import { systemRandom, uuidV4 } from '../../shared/random.ts';
import { webCryptoVerifier } from '../../shared/signatures.ts';
import { createPersonaCognition } from '../brain/cognition.ts';
import { isAddressedTo } from '../brain/hear/addressing.ts';
import { putFile } from '../inference/companion-lane/put-file.ts';
import { uploadModel } from '../inference/companion-lane/upload-model.ts';
import { createLaneFactory } from '../inference/lane-factory.ts';
import downloadWorkerUrl from '../inference/downloads/download-worker.ts?worker&url';
import { Downloads } from '../inference/downloads/downloads.ts';
import { headerOf } from '../inference/models/file-header.ts';
import { createOpfsBundleStore } from '../inference/downloads/opfs-bundle-store.ts';
import { createModelFiles, type ModelFiles } from '../inference/models/model-files.ts';
import { createStoredBundles } from '../inference/models/stored-bundles.ts';
import { probeDevice, type DeviceProbe } from '../inference/probe.ts';
import inferenceWorkerUrl from '../inference/inference-worker.ts?worker&url';
import { createTrustedWorker } from '../trusted-worker.ts';
import { hardwareTier, type DeviceFacts } from './boot/hardware-tier.ts';
import { createIdbSessionKeyStore } from './bridge/idb-session-key.ts';
import { pairBrowser } from './bridge/pairing.ts';
import { createWebSocketDialer } from './bridge/web-socket-dialer.ts';
import { Sleepers } from './host/sleepers.ts';
import { createHousehold } from './identity/household.ts';
import { createWebIdentityCrypto } from './identity/web-identity-crypto.ts';
import { LaneAdapters } from './lanes/lane-adapters.ts';
import { AdapterChoices } from './lanes/adapter-choices.ts';
import { keptShare } from './lanes/device-share.ts';
import { FitBook } from './lanes/fit-book.ts';
import { keptPlace } from './lanes/lane-place.ts';
import { ModelFits } from './lanes/model-fits.ts';
import { ModelLibrary } from './lanes/model-library.ts';
import { SpeedBook } from './lanes/speed-book.ts';
import { createModelChoice } from './lanes/model-choice.ts';
import type { OwnedNode } from './node-service.ts';
import { createOwnedNode } from './owned-node.ts';
import type { Locks } from './ownership/locks.ts';
import { openNodeDatabase } from './storage/database.ts';
import { createIdbIdentityStore } from './storage/identity-idb-store.ts';
import { createIdbStores } from './storage/idb-stores.ts';
import { TRACED_NODE } from './traced.ts';
import { addTrouble, troubleOf } from './view/trouble.ts';
import type { ViewPublisher } from './view/view-publisher.ts';

/** The log of a worker is its console: the browser keeps it, and shows it beside the page's. */
const consoleSink: LogSink = ({ level, event, fields }) => {
  console[level === 'debug' ? 'debug' : level](JSON.stringify({ event, ...fields }));
};

/** Rejects with `StoreTooNew` or `StorageFailed`; everything later is told through the publisher. */
export async function startNode(publisher: ViewPublisher, locks: Locks): Promise<OwnedNode> {
  const clock = systemClock;
  const random = systemRandom;
  const log = createLogger(consoleSink, clock);
  const { origin } = globalThis.location;
  const fetchBytes: typeof fetch = (input, init) => fetch(input, init);

  const database = await openNodeDatabase((error) => {
    publisher.change({ troubles: addTrouble(publisher.view.troubles, troubleOf(error, clock)) });
  });
  const stores = createIdbStores(database);
  const sessionKeys = createIdbSessionKeyStore(database);
  const modelFiles = async (): Promise<ModelFiles> =>
    createModelFiles(await navigator.storage.getDirectory());
  const bundles = createStoredBundles(async () =>
    createOpfsBundleStore(await navigator.storage.getDirectory()),
  );
  const [adapters, speeds, share, place, fits] = await Promise.all([
    AdapterChoices.load(stores.settings),
    SpeedBook.load(stores.settings),
    keptShare(stores.settings),
    keptPlace(stores.settings),
    FitBook.load(stores.settings),
  ]);
  const probe = onceAnswered(() => probeDevice(globalThis));

  const node = await createOwnedNode({
    publisher,
    locks,
    createCognition: (ctx) =>
      createPersonaCognition({
        self: { peerId: ctx.citizen.peerId, name: ctx.identity.seed.agent_name, role: ctx.role },
        profile: ctx.profile,
        adapters: () => adapters.usesOf(ctx.citizen.peerId),
        lane: ctx.adapter,
        clock,
        log: ctx.log,
        isTraced: self.name === TRACED_NODE,
        timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      }),
    isAddressed: (row, name) => isAddressedTo(row.text, name),
    dialer: createWebSocketDialer(origin, fetchBytes),
    clock,
    random,
    verifier: webCryptoVerifier,
    log,
    stores,
    tier: hardwareTier(factsOf(await probe())),
    household: createHousehold({
      store: createIdbIdentityStore(database),
      crypto: createWebIdentityCrypto(random),
      verifier: webCryptoVerifier,
      random,
      clock,
      log,
    }),
    sessionKeys,
    adapters,
    sleepers: await Sleepers.load(stores.settings),
    pair: (code) =>
      pairBrowser(code, { origin, fetch: fetchBytes, store: sessionKeys, label: browserLabel() }),
    upload: (client, file, onProgress, signal) =>
      uploadModel(file, { bridge: client, putFile }, onProgress, signal),
    createLanes: (client, told) =>
      new LaneAdapters({
        factory: createLaneFactory({
          bridge: client,
          clock,
          putFile,
          onOffer: (offer) => {
            client.learnModel(offer);
          },
          files: modelFiles,
          bundles,
          locks: navigator.locks,
          newLockName: () => `inference-${uuidV4(random)}`,
          spawnInferenceWorker: () => createTrustedWorker(inferenceWorkerUrl, 'inference'),
          probe,
        }),
        models: createModelChoice(stores.settings),
        clock,
        probe,
        checkFile: headerOf,
        speeds,
        share,
        place,
        ready: () => client.ready,
        ...told,
      }),
    createLibrary: ({ approvedHosts, gatedTicket, ...told }) => {
      const library: ModelLibrary = new ModelLibrary({
        settings: stores.settings,
        files: modelFiles,
        bundles,
        downloads: new Downloads({
          spawn: () => createTrustedWorker(downloadWorkerUrl, 'download'),
          clock,
          approvedHosts,
          gatedTicket,
          onChange: (states) => {
            library.onDownloads(states);
          },
        }),
        clock,
        fits: new ModelFits({
          book: fits,
          files: modelFiles,
          bundles,
          place,
          probe,
          ready: () => told.ready(),
        }),
        freeBytes: async () => {
          const { quota = 0, usage = 0 } = await navigator.storage.estimate();
          return Math.max(0, quota - usage);
        },
        ...told,
      });
      return library;
    },
  });
  return {
    commands: node.commands,
    stop: async () => {
      await node.stop();
      database.close();
    },
  };
}

/** The GPU is asked once: after a crash of its process every further question makes it worse. */
function onceAnswered<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => (answer ??= ask());
}

function factsOf(probe: DeviceProbe): DeviceFacts {
  const webgpu = {
    'shader-f16': 'f16',
    'no shader-f16': 'f32',
    'no adapter': 'none',
    'no WebGPU': 'none',
  } as const;
  return { webgpu: webgpu[probe.webgpu], crossOriginIsolated: probe.crossOriginIsolated, cores: probe.cores };
}

/** Android and ChromeOS call themselves Linux too. */
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Android/, 'Android'],
  [/CrOS/, 'ChromeOS'],
  [/Linux/, 'Linux'],
];

/** "Chrome 156 on Linux". */
function browserLabel(): string {
  const version = /(?:Chrome|Chromium)\/(\d+)/.exec(navigator.userAgent)?.[1];
  const system = SYSTEMS.find(([sign]) => sign.test(navigator.userAgent))?.[1] ?? 'an unknown system';
  return `${version === undefined ? 'A browser' : `Chrome ${version}`} on ${system}`;
}
