/** Owns the interface to the identities of this browser: who lives here, and their backup. */
import type { IdentityProvider } from '../boot/identity-provider.ts';
import type { CitizenIdentity } from '../citizen/citizen-identity.ts';

export interface Household extends IdentityProvider {
  /** The human at this page: resumed, or made at the first visit. */
  human(): Promise<CitizenIdentity>;
  /** `recoveryCode` until the person confirmed that it is saved. */
  backup(): Promise<{ readonly recoveryCode?: string; readonly identities: number }>;
  backupFile(): Promise<{ readonly fileName: string; readonly text: string }>;
  /** Rejects with `BackupMalformed` or `BackupCodeWrong`; what is here already is skipped, never replaced. */
  restore(
    fileText: string,
    recoveryCode: string,
  ): Promise<{ readonly restored: number; readonly skipped: number }>;
  confirmRecoveryCodeSaved(): Promise<void>;
}
