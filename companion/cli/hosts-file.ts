/** Owns the stored form of the approved hosts. */
import * as v from 'valibot';
import { HostSchema, MAX_APPROVED_HOSTS } from '../../shared/models/hosts.ts';
import type { RandomSource } from '../../shared/random.ts';
import { ApprovedHosts } from '../sessions/approved-hosts.ts';
import { readStored, writeStored, type StoredForm } from './stored-json.ts';

const FORM: StoredForm<{ readonly hosts: readonly string[] }> = {
  version: 1,
  schema: v.object({ hosts: v.pipe(v.array(HostSchema), v.maxLength(MAX_APPROVED_HOSTS)) }),
  what: 'a list of approved hosts',
};

/** Rejects with `HomeUnusable` or `StoreTooNew`, and leaves the file alone. */
export async function openApprovedHosts(path: string, random: RandomSource): Promise<ApprovedHosts> {
  const stored = await readStored(path, FORM);
  return new ApprovedHosts(stored?.hosts ?? [], (hosts) => writeStored(path, FORM, { hosts }, random));
}
