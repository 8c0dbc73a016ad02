/** Owns identities in memory, with the rules of the stored ones; rows can be damaged and writes made to fail. */
import { AppError } from '../errors.ts';
import { readIdentityRows, setAsideRow } from '../../web/node/storage/identity-rows.ts';
import { checkChange, HOUSEHOLD_KEY, type IdentityStore } from '../../web/node/storage/identity-store.ts';

/** What survives: one of these per simulated browser profile. */
export interface IdentityDisk {
  readonly seeds: Map<string, unknown>;
  household: unknown;
  /** Nothing can be read or written. */
  isBroken: boolean;
  /** Nothing can be written. */
  isFull: boolean;
}

export function createIdentityDisk(): IdentityDisk {
  return { seeds: new Map(), household: undefined, isBroken: false, isFull: false };
}

export function createMemoryIdentityStore<Key>(
  disk: IdentityDisk,
  isKey: (value: unknown) => value is Key,
): IdentityStore<Key> {
  const read = () => {
    if (disk.isBroken) throw new AppError('StorageFailed', 'The disk is broken.');
    return readIdentityRows(
      {
        seeds: [...disk.seeds].map(([key, value]) => ({ key, value })),
        household: disk.household,
      },
      isKey,
    );
  };
  return {
    read: async () => read(),
    update: async (decide) => {
      const present = read();
      const change = decide(present);
      checkChange(present, change);
      if (disk.isFull) throw new AppError('StorageFailed', 'The disk is full.');
      for (const key of change.setAside ?? []) {
        const row = setAsideRow(key, disk.seeds.get(key), present.malformed.length);
        disk.seeds.delete(key);
        disk.seeds.set(row.peerId, row);
      }
      for (const identity of change.identities ?? []) {
        const { peer_id: peerId, agent_name: agentName } = identity.seed;
        disk.seeds.set(peerId, structuredClone({ peerId, agentName, ...identity }));
      }
      if (change.household) disk.household = structuredClone({ id: HOUSEHOLD_KEY, ...change.household });
    },
  };
}
