/**
 * Owns what the page can see and ask: the snapshot, its patches, and the commands. Plain data only; the page draws it
 * and nothing else. Carried by Comlink in the owner tab and by BroadcastChannel to viewers.
 */
import type { EndpointOffer } from '../../shared/bridge/endpoint.ts';
import type { FoundModel } from '../../shared/bridge/found-models.ts';
import type { DaemonInfo, RoomInfo } from '../../shared/bridge/messages.ts';
import type { WireError } from '../../shared/errors.ts';
import type { ForcedLane, LaneReport } from '../../shared/inference/lane.ts';
import type { Speeds } from '../../shared/inference/speeds.ts';
import type { CompiledModel } from '../../shared/models/compiled-catalogue.ts';
import type { FitVerdict } from '../../shared/models/fit.ts';
import type { QueueState } from '../inference/queue/device-queue.ts';
import type { DeviceShare } from './lanes/device-share.ts';
import type { LanePlace } from './lanes/lane-place.ts';

/** A failure as the page shows it: cause and next step. */
export interface Trouble extends WireError {
  readonly nextStep: string;
  readonly atMs: number;
}

/** Progress of anything that can take longer than a second; `total` 0 while unknown. */
export interface Progress {
  readonly what: string;
  readonly done: number;
  readonly total: number;
  readonly unit: 'steps' | 'bytes' | 'tokens';
}

export type ConnectionView =
  | { readonly state: 'unpaired'; readonly trouble?: Trouble }
  | { readonly state: 'connecting'; readonly attempt: number; readonly trouble?: Trouble }
  | { readonly state: 'ready'; readonly companionVersion: string; readonly daemon: DaemonInfo };

export type PersonState =
  | { readonly kind: 'booting'; readonly progress: Progress }
  | { readonly kind: 'idle' }
  /** She can do nothing until it is back. */
  | { readonly kind: 'waiting'; readonly waitsFor: 'companion' | 'daemon' | 'you' }
  | { readonly kind: 'queued'; readonly ahead: number }
  | { readonly kind: 'reading'; readonly progress?: Progress }
  /** `text` is what she has written so far. */
  | { readonly kind: 'writing'; readonly text: string; readonly tokens: number }
  | { readonly kind: 'silent'; readonly reason: string; readonly decidedBy: 'model' | 'loop-guard' | 'rule' }
  | { readonly kind: 'errored'; readonly trouble: Trouble }
  | { readonly kind: 'asleep' };

export interface PersonView {
  readonly peerId: string;
  readonly name: string;
  readonly kind: 'persona' | 'human' | 'agent' | 'unknown';
  readonly role: string;
  /** The human at this page. */
  readonly self: boolean;
  /** Hosted by this node: has a state. Others are only seen. */
  readonly state?: PersonState;
  /** Hue 0 to 359, derived from the peer id. */
  readonly hue: number;
}

export interface TimelineItem {
  /** Stable list key: the message id where there is one, else the event id. */
  readonly key: string;
  readonly eventId?: string;
  readonly peerId: string;
  readonly name: string;
  readonly kind: PersonView['kind'];
  readonly text: string;
  readonly atMs: number;
  readonly self: boolean;
  readonly signature: 'valid' | 'invalid' | 'unsigned';
  readonly delivery:
    | { readonly state: 'in-room' }
    | { readonly state: 'sending' }
    | { readonly state: 'failed'; readonly trouble: Trouble };
}

export interface RoomView extends RoomInfo {
  readonly unread: number;
  /** Key of the first unread item: the unread line stands above it. */
  readonly unreadFromKey?: string;
  readonly items: readonly TimelineItem[];
  readonly hasOlder: boolean;
  readonly loadingOlder: boolean;
}

export interface LaneView {
  readonly report?: LaneReport;
  /** Which lane the plan chose and why, in words. */
  readonly chosenBecause: string;
  /** As measured on this device, in this visit or before. */
  readonly speeds?: Speeds;
  /** Ids of those who think and those who wait, in their order. */
  readonly queue?: QueueState;
  /** Nobody thought for so long that the model's memory was given back; the next message loads it again. */
  readonly isUnloaded?: boolean;
  /** The person wants the device for something else: nobody thinks until they say so. */
  readonly isFreed?: boolean;
  /** Where the person wants thinking to be. */
  readonly place?: LanePlace;
  /** `--lane`, which leaves no choice. */
  readonly forcedLane?: ForcedLane | undefined;
  /** As it was planned last, whether it could be opened or not. */
  readonly plannedLane?: LaneReport['lane'];
  /** Part of the device's time that thinking may take. */
  readonly share?: DeviceShare;
  readonly progress?: Progress;
  /** No lane serves. */
  readonly trouble?: Trouble;
  /** Why the file that the person opened last is not the model; the one before serves on. */
  readonly refusedModel?: Trouble;
}

/** When a model was last read again, and how many of its chunks had to be fetched anew. */
export interface ModelCheckView {
  readonly atMs: number;
  readonly healedChunks: number;
}

/** Whether a model fits on the lane that the plan would choose for it. */
export interface FitView {
  readonly verdict: FitVerdict;
  /** The numbers, to stand after the verdict. */
  readonly words: string;
}

/** One of the catalogue. */
export interface SuggestedModelView {
  readonly address: string;
  readonly fit?: FitView;
}

/** One of the catalogue that MLC compiled: the build of the pair that this GPU can run. */
export interface CompiledModelView
  extends
    SuggestedModelView,
    Pick<CompiledModel, 'name' | 'licence' | 'contextTokens' | 'template' | 'capabilities'> {}

/** A model that is here, whole. */
export interface StoredModelView {
  /** SHA-256 of a file; what the companion calls the model of a server. */
  readonly id: string;
  readonly name: string;
  /** 0 where nobody tells. */
  readonly sizeBytes: number;
  readonly place: 'browser' | 'companion' | 'found' | 'endpoint';
  /** Of a model of several files. */
  readonly fileCount?: number;
  /** By MLC, for a GPU in the tab: the companion cannot think with it. */
  readonly isCompiled?: boolean;
  /** Of a file that was found: the program that holds it. */
  readonly owner?: FoundModel['owner'];
  /** `host`: its hash was compared with the one that its host publishes; `none`: there was none to compare with. */
  readonly checked: 'host' | 'none';
  readonly inUse: boolean;
  /** Absent while there is no session, and for what does not run here. */
  readonly fit?: FitView;
  /** In this visit. */
  readonly lastCheck?: ModelCheckView;
  /** Of one in this browser: whether the companion has it too, and could go on with it. */
  readonly isCopied?: boolean;
  /** While it is on its way there. */
  readonly copying?: Progress;
}

/** A LoRA adapter that can be put on the model, in the companion or in the tab. */
export interface AdapterView {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
  /** Who made it, of what, under which licence: as its file says. */
  readonly from?: string;
  /** The companion offers it; false for one that somebody still has chosen. */
  readonly isHere: boolean;
  /** Peer ids. */
  readonly usedBy: readonly string[];
}

/** One that is coming. */
export interface DownloadView {
  readonly id: string;
  readonly name: string;
  /** Of its host. */
  readonly origin: string;
  readonly sizeBytes: number;
  readonly doneBytes: number;
  readonly phase: 'paused' | 'fetching' | 'verifying';
  readonly bytesPerSecond?: number;
  /** Why it does not go on; without one a pause was asked for, or the tab was closed. */
  readonly trouble?: Trouble;
}

export interface ModelsView {
  readonly stored: readonly StoredModelView[];
  readonly downloads: readonly DownloadView[];
  /** In the order of the catalogue; absent until it is known. */
  readonly suggested?: readonly SuggestedModelView[];
  /** In the order of the catalogue; empty where no GPU could run them. */
  readonly compiled?: readonly CompiledModelView[];
  /** What the browser still gives this page; undefined while unknown. */
  readonly freeBytes?: number;
  /** The server that the person runs, when one is set up. */
  readonly endpoint?: { readonly address: string; readonly server: EndpointOffer['server'] } | undefined;
  /** While the companion keeps a token for gated models: its last characters. */
  readonly gatedToken?: { readonly tail: string } | undefined;
}

/** As the person typed it. */
export interface EndpointWish {
  readonly address: string;
  readonly key?: string;
  readonly contextTokens?: number;
  readonly isPublicConfirmed: boolean;
}

export interface BackupView {
  /** Readable until the person confirms that it is saved; then erased and undefined. */
  readonly recoveryCode?: string;
  readonly identities: number;
  readonly lastRestore?:
    { readonly restored: number; readonly skipped: number } | { readonly trouble: Trouble };
}

export interface NodeView {
  /** Grows by one with every patch; a viewer that misses one asks for a snapshot. */
  readonly seq: number;
  /** `viewer`: another tab of this browser is the node; this one shows it and offers "move here". */
  readonly tab: 'owner' | 'viewer' | 'starting';
  readonly connection: ConnectionView;
  readonly rooms: readonly RoomView[];
  readonly activeChannel?: string;
  readonly people: readonly PersonView[];
  readonly lane: LaneView;
  readonly models: ModelsView;
  readonly adapters?: readonly AdapterView[];
  readonly backup: BackupView;
  /** Newest last, at most 20; nothing red stands without a next step. */
  readonly troubles: readonly Trouble[];
}

/** Largest backup file that `restoreBackup` takes: an identity takes under 1 KiB. */
export const MAX_BACKUP_BYTES = 1024 * 1024;

/** Replaces the named top-level fields; `seq` is always there and is the previous one plus one. */
export type NodePatch = Pick<NodeView, 'seq'> & Partial<NodeView>;

/** Every command settles; a refusal is a value, since custom fields of thrown errors do not cross Comlink. */
export type CommandResult = { readonly ok: true } | { readonly ok: false; readonly trouble: Trouble };

export interface NodeCommands {
  /** Pair with the code of the link's fragment, then connect. */
  pair(code: string): Promise<CommandResult>;
  say(channel: string, text: string): Promise<CommandResult>;
  /** Say a failed message again under the same message id. */
  retry(key: string): Promise<CommandResult>;
  loadOlder(channel: string): Promise<CommandResult>;
  markRead(channel: string, key: string): Promise<CommandResult>;
  /** Load a GGUF that the person dropped or chose, all parts of one in several files; every hosted persona moves to it. */
  openModel(files: readonly File[]): Promise<CommandResult>;
  /** Of `models.stored`, by id; every hosted persona moves to it. */
  useModel(id: string): Promise<CommandResult>;
  /**
   * Fetches the model at this address into this browser; `models.downloads` tells how far it is. Settles when it is
   * here, paused or refused; `HostNotApproved` asks for {@link approveHost}, with the origin as its `detail`.
   */
  download(address: string): Promise<CommandResult>;
  resumeDownload(id: string): Promise<CommandResult>;
  pauseDownload(id: string): Promise<CommandResult>;
  removeDownload(id: string): Promise<CommandResult>;
  /** From now on models may come from this origin; the companion remembers it. */
  approveHost(origin: string): Promise<CommandResult>;
  /** Reads a downloaded model again and fetches anew what the disk has changed of it; `lastCheck` tells the outcome. */
  checkModel(sha256: string): Promise<CommandResult>;
  /** Gives the companion a copy, with which it goes on when the GPU goes away. */
  copyModel(sha256: string): Promise<CommandResult>;
  /** Frees its bytes in this browser. */
  removeModel(sha256: string): Promise<CommandResult>;
  /** Sets up the server that the person runs; its models stand in `models.stored` then. `EndpointPublic` asks back. */
  connectEndpoint(wish: EndpointWish): Promise<CommandResult>;
  /** Address and key are removed from the companion. */
  forgetEndpoint(): Promise<CommandResult>;
  /** The companion keeps this token for gated models, in place of the one before; it never comes back. */
  setGatedToken(token: string): Promise<CommandResult>;
  forgetGatedToken(): Promise<CommandResult>;
  /** From her next turn on she thinks with it, or with the model alone. */
  chooseAdapter(
    peerId: string,
    adapter: { readonly id: string; readonly name: string } | undefined,
  ): Promise<CommandResult>;
  /** Nobody thinks, and the model's memory is given back, until {@link thinkAgain} or another model is chosen. */
  freeDevice(): Promise<CommandResult>;
  thinkAgain(): Promise<CommandResult>;
  /** Part of the device's time that thinking may take; kept over restarts. */
  setDeviceShare(share: DeviceShare): Promise<CommandResult>;
  /** Refused where no lane serves there; else every hosted persona moves. */
  setLanePlace(place: LanePlace): Promise<CommandResult>;
  /** Measures how fast the present model is here; `lane.speeds` tells. */
  measureSpeed(): Promise<CommandResult>;
  setAsleep(peerId: string, asleep: boolean): Promise<CommandResult>;
  /** The backup file's text. */
  backupFile(): Promise<
    | { readonly ok: true; readonly fileName: string; readonly text: string }
    | { readonly ok: false; readonly trouble: Trouble }
  >;
  restoreBackup(fileText: string, recoveryCode: string): Promise<CommandResult>;
  confirmRecoveryCodeSaved(): Promise<CommandResult>;
  /** In a viewer: take the node over from the tab that has it. */
  moveHere(): Promise<CommandResult>;
}

/** What the node worker exposes through Comlink. `listen` gets a snapshot first, then patches. */
export interface NodeWorkerApi extends NodeCommands {
  listen(
    listener: (
      update:
        | { readonly kind: 'snapshot'; readonly view: NodeView }
        | { readonly kind: 'patch'; readonly patch: NodePatch },
    ) => void,
  ): Promise<void>;
}
