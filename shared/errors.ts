/** Owns the one error type of the product, its closed set of codes, and the next step each code offers the person. */

/** Every failure that can reach a person or cross a seam (worker, socket, daemon, child process). */
export type ErrorCode =
  // pairing and the bridge
  | 'PairingCodeWrong'
  | 'PairingCodeExpired'
  | 'PairingLocked'
  | 'SessionUnknown'
  | 'ProtocolVersionMismatch'
  | 'ProtocolViolation'
  | 'RateLimited'
  | 'MessageTooLarge'
  | 'BridgeDown'
  | 'BridgeTimeout'
  // the companion itself
  | 'PortTaken'
  | 'CompanionAlreadyRunning'
  | 'CompanionNotRunning'
  | 'BuildMissing'
  | 'ArgumentInvalid'
  | 'HomeUnusable'
  // airc
  | 'DaemonUnreachable'
  | 'DaemonVersionMismatch'
  | 'DaemonRefused'
  | 'DaemonGone'
  | 'DaemonStartFailed'
  | 'FrameTooLarge'
  | 'FrameTruncated'
  | 'FrameMalformed'
  | 'EnvelopeMalformed'
  | 'RoomUnresolved'
  | 'RoomStoreReplaced'
  // identity and storage
  | 'OwnerElsewhere'
  | 'NotClaimed'
  | 'ClaimInvalid'
  | 'SeedMalformed'
  | 'SeedWriteFailed'
  | 'BackupMalformed'
  | 'BackupCodeWrong'
  | 'IdentityConflict'
  | 'StoreTooNew'
  | 'StorageFailed'
  // inference
  | 'NoLane'
  | 'ModelNotFound'
  | 'ModelNotGguf'
  | 'ModelTruncated'
  | 'ModelIncomplete'
  | 'ModelUnsupported'
  | 'ModelTooLarge'
  // downloads
  | 'HostNotApproved'
  | 'ModelGated'
  | 'DownloadOffline'
  | 'DownloadBusy'
  | 'DownloadRefused'
  | 'DownloadChanged'
  | 'DownloadElsewhere'
  // a server that the person runs
  | 'EndpointForbidden'
  | 'EndpointPublic'
  | 'EndpointUnreachable'
  | 'EndpointRefused'
  | 'EndpointBusy'
  | 'EndpointMalformed'
  // lanes
  | 'LaneStartFailed'
  | 'GpuUnavailable'
  | 'LaneDied'
  | 'DeviceLost'
  | 'DeviceFreed'
  | 'LaneBusy'
  | 'ContextOverflow'
  | 'EmbeddingsUnsupported'
  | 'AdaptersUnsupported'
  | 'AdapterNotFound'
  | 'AdapterMismatch'
  | 'GrammarInvalid'
  | 'DecisionMalformed'
  | 'Aborted'
  | 'TurnDeadlineExceeded'
  // the browser, and everything that must not happen
  | 'BrowserUnsupported'
  | 'Internal';

/** What the person can do next, per code. The page shows it beside the cause; the log prints it too. */
export const NEXT_STEP: Readonly<Record<ErrorCode, string>> = {
  PairingCodeWrong: 'Run "npx persona-node pair" and open the link it prints.',
  PairingCodeExpired:
    'This link was used or is older than 10 minutes. Run "npx persona-node pair" for a fresh one.',
  PairingLocked: 'Too many wrong codes. Run "npx persona-node pair" for a fresh link.',
  SessionUnknown:
    'This browser is no longer paired. Run "npx persona-node pair" and open the link it prints.',
  ProtocolVersionMismatch: 'Page and companion are of different versions. Reload the page.',
  ProtocolViolation: 'Reload the page. If it happens again, restart the companion with "npm start".',
  RateLimited: 'Wait a few seconds; the page tries again by itself.',
  MessageTooLarge: 'Send a shorter message.',
  BridgeDown: 'Check that "npm start" is still running; the page reconnects by itself.',
  BridgeTimeout: 'Check that "npm start" is still running; the page reconnects by itself.',
  PortTaken:
    'Stop the program that uses the port, or start with --port N (other personas live at another port).',
  CompanionAlreadyRunning: 'Use the running one ("npx persona-node pair" prints a link), or stop it first.',
  CompanionNotRunning: 'Start it with "npm start".',
  BuildMissing: 'Run "npm start" in the project folder; it builds what is missing.',
  ArgumentInvalid: 'Run "npm start -- --help" for the options.',
  HomeUnusable: 'Make the folder writable for you alone, or name another one with --home DIR.',
  DaemonUnreachable: 'Start the daemon ("airc join"), or use the built-in one with --airc embedded.',
  DaemonVersionMismatch:
    'Update airc or Persona Node so that both speak IPC version 5, or use --airc embedded.',
  DaemonRefused: "Read the daemon's own message above; then try again.",
  DaemonGone: 'Nothing to do: it is reconnected as soon as the daemon is back. If it stays away, start it.',
  DaemonStartFailed: 'Start airc by hand and read what it prints, or use --airc embedded.',
  FrameTooLarge:
    'The other side sent more than 16 MiB in one frame; check which program speaks on the socket.',
  FrameTruncated: 'The connection was cut in the middle of a frame; it is tried again by itself.',
  FrameMalformed: 'Another program or version speaks on the socket; check the path given with --airc.',
  EnvelopeMalformed: 'One event of the room could not be read and was left out; nothing stored was touched.',
  RoomUnresolved: 'Name the room with --room NAME or --room UUID.',
  RoomStoreReplaced:
    "The daemon's store was replaced. The room starts anew; what this browser remembers is kept.",
  OwnerElsewhere: 'She is at home in another tab or browser. Close it there, or choose "move here".',
  NotClaimed: 'Reload the page; the identity is claimed again at connect.',
  ClaimInvalid:
    'This identity belongs to another key on this machine. Restore the backup that holds its key.',
  SeedMalformed: 'The stored identity cannot be read and was left as it is. Restore her from a backup file.',
  SeedWriteFailed: 'Free some disk space and reload. Nothing was replaced.',
  BackupMalformed: 'Choose a file that "Download backup" of this product wrote.',
  BackupCodeWrong: 'Check the recovery code; letters and digits are case-insensitive.',
  IdentityConflict: 'An identity with this name or id is already here. Nothing was changed.',
  StoreTooNew: 'The stored data was written by a newer version. Update Persona Node.',
  StorageFailed: 'Free some disk space and reload; what was stored before is untouched.',
  NoLane:
    'Choose another model, or another place at "Think", under "Models"; or start without --lane, and with WebGPU in Chrome.',
  ModelNotFound: 'Check the path given with --model, or drop a GGUF file onto the page.',
  ModelNotGguf: 'Choose a file in GGUF format (its first four bytes are "GGUF").',
  ModelTruncated: 'The file is cut short. Download or copy it again.',
  ModelIncomplete:
    'Choose all parts of the model together: NAME-00001-of-0000N.gguf and so on, N files of one folder.',
  ModelUnsupported: 'Choose another model; this one uses something the engine cannot run.',
  ModelTooLarge: 'Choose a smaller model, or the same one in fewer bits; what was loaded before goes on.',
  HostNotApproved: 'Approve the host in "Models" if you trust it, then start the download again.',
  ModelGated:
    'Accept the licence on the model\'s page at huggingface.co, and give a token of your account under "Models".',
  DownloadOffline: 'Check the network, then resume; what has arrived is kept.',
  DownloadBusy: 'Resume in a few minutes; what has arrived is kept.',
  DownloadRefused: 'Check the address, or save the file another way and open it here.',
  DownloadChanged: 'Delete this download and start it again: the host has another file now.',
  DownloadElsewhere: 'It is being loaded already, here or in another tab of this browser; wait for it.',
  EndpointForbidden: 'Give the address of a machine of yours; link-local and reserved ones are never used.',
  EndpointPublic: 'Confirm the address if you want to send what is said in the room there.',
  EndpointUnreachable:
    'Start the server, or check its address under "Models". She asks again at the next message.',
  EndpointRefused:
    'Check address, key and model of the server under "Models". She asks again at the next message.',
  EndpointBusy: 'Wait until the server is ready. She asks again at the next message.',
  EndpointMalformed:
    'Check the address: it must be the base of an OpenAI-compatible server, often ending in /v1. She asks again at the next message.',
  LaneStartFailed: 'Read the cause above; reload the page, or choose the other lane with --lane.',
  GpuUnavailable: 'Put right what the cause says, or start without --llama-gpu to think on the CPU.',
  LaneDied: 'The engine stopped. It is started again for the next turn; reload if it stays down.',
  DeviceLost:
    'Reload the page to use the GPU again. If it keeps going away, choose "in the companion" at "Think" under "Models", or start without --lane.',
  DeviceFreed: 'Choose "Think again" under "Models" when you want answers.',
  LaneBusy: 'Nothing to do: she goes on as soon as the change is through.',
  ContextOverflow: "The prompt is longer than the model's context. Choose a model with a longer one.",
  EmbeddingsUnsupported: 'Choose another model, or let the companion think: npm start -- --lane companion.',
  AdaptersUnsupported:
    'Choose a GGUF model that runs in this tab or in the companion, or take the adapter off the persona.',
  AdapterNotFound: 'Check the paths given with --adapter, and start again with the file where it was.',
  AdapterMismatch: 'Choose an adapter that was trained on this model, or the model that it was trained on.',
  GrammarInvalid: 'This is a defect of ours; the turn was given up. Nothing was said.',
  DecisionMalformed:
    'The model did not keep to the decision form; the turn was given up. Try a larger model.',
  Aborted: 'The turn was stopped. Say it again if you still want an answer.',
  TurnDeadlineExceeded: 'The answer took too long and was given up. Try a smaller model.',
  BrowserUnsupported: 'Open the link in Chrome or another Chromium, version 137 or newer.',
  Internal: 'Reload the page. If it happens again, report what the log says.',
};

/** An error as plain data, for every seam: `detail` is shown in the log, never parsed. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly detail?: string | undefined;
}

/** The one error of the product. `message` says the cause in words for a person; `nextStep` what to do. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly detail: string | undefined;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; detail?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.detail = options.detail;
  }

  get nextStep(): string {
    return NEXT_STEP[this.code];
  }
}

/** Any thrown value as an AppError; what is not ours becomes `fallback` with the original as cause. */
export function toAppError(thrown: unknown, fallback: ErrorCode = 'Internal'): AppError {
  if (thrown instanceof AppError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AppError(fallback, message, { cause: thrown });
}

/** Plain data for a seam. */
export function toWireError(thrown: unknown, fallback: ErrorCode = 'Internal'): WireError {
  const error = toAppError(thrown, fallback);
  return {
    code: error.code,
    message: error.message,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
  };
}

/** The error on the far side of a seam. */
export function fromWireError(wire: WireError): AppError {
  return new AppError(wire.code, wire.message, wire.detail === undefined ? {} : { detail: wire.detail });
}
