/** Owns identities in IndexedDB. */
import type { NodeDatabase, SeedRow } from './database.ts';
import { readIdentityRows, setAsideRow } from './identity-rows.ts';
import { checkChange, type IdentityReading, type IdentityStore } from './identity-store.ts';
import { stored } from './stored.ts';

const isPrivateKey = (value: unknown): value is CryptoKey =>
  value instanceof CryptoKey && value.type === 'private';

export function createIdbIdentityStore(database: NodeDatabase): IdentityStore<CryptoKey> {
  const open = (mode: 'readonly' | 'readwrite') => database.transaction(['seeds', 'household'], mode);

  const readIn = async (transaction: ReturnType<typeof open>): Promise<IdentityReading<CryptoKey>> => {
    const seeds = transaction.objectStore('seeds');
    const [keys, values, household] = await Promise.all([
      seeds.getAllKeys(),
      seeds.getAll(),
      transaction.objectStore('household').get('household'),
    ]);
    return readIdentityRows(
      { seeds: keys.map((key, index) => ({ key, value: values[index] })), household },
      isPrivateKey,
    );
  };

  return {
    read: () => stored(() => readIn(open('readonly'))),
    update: (decide) =>
      stored(async () => {
        const transaction = database.transaction(['seeds', 'household'], 'readwrite');
        const seeds = transaction.objectStore('seeds');
        try {
          const present = await readIn(transaction);
          const change = decide(present);
          checkChange(present, change);
          for (const key of change.setAside ?? []) {
            const row = setAsideRow(key, await seeds.get(key), present.malformed.length);
            await seeds.delete(key);
            // Not a row of this store's form: it only keeps what could not be read.
            await seeds.put(row as unknown as SeedRow);
          }
          // A name may go from one row to another within one change: the old row is written first.
          const order = (change.identities ?? []).toSorted((a, b) => rank(present, a) - rank(present, b));
          for (const identity of order) {
            const { peer_id: peerId, agent_name: agentName } = identity.seed;
            await seeds.put({ peerId, agentName, ...identity });
          }
          if (change.household)
            await transaction.objectStore('household').put({ id: 'household', ...change.household });
        } catch (error) {
          transaction.abort();
          await transaction.done.catch((_aborted: unknown) => undefined);
          throw error;
        }
        await transaction.done;
      }),
  };
}

function rank(
  present: IdentityReading<CryptoKey>,
  identity: { readonly seed: { readonly peer_id: string } },
): number {
  return present.identities.some(({ seed }) => seed.peer_id === identity.seed.peer_id) ? 0 : 1;
}
