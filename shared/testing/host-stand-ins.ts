/** Owns what a persona host needs besides a companion, as stand-ins: identities, a lane, a brain, and an ear for all it tells. */
import type { PersonaCognition, TurnInput, TurnOutcome } from '../../web/brain/turn.ts';
import type { AdapterFactory } from '../../web/node/boot/adapter-factory.ts';
import type { IdentityProvider } from '../../web/node/boot/identity-provider.ts';
import type { CitizenIdentity } from '../../web/node/citizen/citizen-identity.ts';
import type { HostSink } from '../../web/node/host/host-sink.ts';
import type { SleepState } from '../../web/node/host/sleepers.ts';
import type { ServeNews } from '../../web/node/serve/serve-persona.ts';
import type { BootSummary } from '../../web/node/boot/boot-summary.ts';
import { AppError } from '../errors.ts';
import type { InferenceLane } from '../inference/lane.ts';
import { toBase64Url } from '../base64url.ts';
import type { CitizenKind, RoleId } from '../persona/identity.ts';
import { deterministicSigner } from './deterministic-crypto.ts';

/** The same name is the same identity, key included. */
export function standInIdentity(name: string, kind: CitizenKind, role: RoleId): CitizenIdentity {
  const signer = deterministicSigner(name);
  const hex = Array.from(signer.publicKey, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const uuid = (at: number): string =>
    `${hex.slice(at, at + 8)}-${hex.slice(at + 8, at + 12)}-4${hex.slice(at + 13, at + 16)}-8${hex.slice(at + 17, at + 20)}-${hex.slice(at + 20, at + 32)}`;
  return {
    signer,
    seed: {
      version: 1,
      peer_id: uuid(0),
      client_id: uuid(16),
      agent_name: name,
      kind,
      role,
      public_key: toBase64Url(signer.publicKey),
      created_at_ms: 1,
    },
  };
}

export function standInIdentities(
  personaName = 'Maya',
  humanName = 'Robin',
): IdentityProvider & { human(): Promise<CitizenIdentity> } {
  return {
    draw: (role) =>
      Promise.resolve({
        identity: standInIdentity(personaName, 'persona', role),
        source: 'resumed' as const,
      }),
    human: () => Promise.resolve(standInIdentity(humanName, 'human', 'custom')),
  };
}

/** A lane that is loaded and never asked: the stand-in brain does not need one. */
export const idleLane: InferenceLane = {
  report: {
    lane: 'companion',
    backend: 'cpu',
    evidence: 'a stand-in',
    model: { name: 'stand-in', sizeBytes: 1, starter: true },
    contextTokens: 2048,
    threads: 1,
    loadMs: 0,
  },
  warmup: () => Promise.resolve({ firstTokenMs: 0, totalMs: 0 }),
  generate: () => {
    throw new AppError('LaneDied', 'The stand-in lane generates nothing.');
  },
  countPromptTokens: () => Promise.resolve(1),
  embed: () => Promise.resolve(Float32Array.of(1)),
  dispose: () => Promise.resolve(),
};

export const idleAdapters: AdapterFactory = {
  choose: () => Promise.resolve({ lane: 'companion', reason: 'a stand-in' }),
  build: () => Promise.resolve(idleLane),
  speeds: () => ({}),
  onDeviceLost: () => ({ kind: 'again' }),
  close: () => Promise.resolve(),
  rest: () => Promise.resolve(),
};

/** Thinks what `think` says. */
export function standInCognition(
  think: (input: TurnInput, signal: AbortSignal) => Promise<TurnOutcome>,
): PersonaCognition {
  return { prime: () => Promise.resolve(), think: (input, _onProgress, signal) => think(input, signal) };
}

export function spoke(text: string): TurnOutcome {
  return { kind: 'decided', decision: { kind: 'spoke', text }, decidedBy: 'model' };
}

/** Keeps what a host tells. */
export class RecordingSink implements HostSink {
  readonly serveNews: ServeNews[] = [];
  readonly troubles: AppError[] = [];
  readonly unattendedBecause: AppError[] = [];
  readonly leases: string[] = [];
  summary: BootSummary | undefined;

  connection(): void {}
  daemon(): void {}
  roomOpened(): void {}
  personaStarted(): void {}
  stage(): void {}
  lease(_runtime: unknown, state: { readonly kind: string }): void {
    this.leases.push(state.kind);
  }
  serving(_peerId: string, news: ServeNews): void {
    this.serveNews.push(news);
  }
  unattended(_peerId: string, _stage: unknown, error: AppError): void {
    this.unattendedBecause.push(error);
  }
  booted(summary: BootSummary): void {
    this.summary = summary;
  }
  trouble(error: AppError): void {
    this.troubles.push(error);
  }
}

export const nobodyAsleep: SleepState = { has: () => false, changes: { subscribe: () => () => undefined } };
