import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { describeIdentityStore } from '../../../shared/testing/identity-store-suite.ts';
import {
  createIdentityDisk,
  createMemoryIdentityStore,
} from '../../../shared/testing/memory-identity-store.ts';
import { isStandInKey } from '../../../shared/testing/stand-in-identity-crypto.ts';
import { openNodeDatabase } from './database.ts';
import { createIdbIdentityStore } from './identity-idb-store.ts';

describeIdentityStore('memory', async () => {
  const disk = createIdentityDisk();
  return {
    store: createMemoryIdentityStore(disk, isStandInKey),
    newKey: async () => ({ secret: 'one' }),
    plant: async (place, row) => {
      if (place === 'seeds') disk.seeds.set(String(row['peerId']), row);
      else disk.household = row;
    },
    dump: async () => [...disk.seeds.values(), disk.household],
    breakDown: () => {
      disk.isBroken = true;
    },
  };
});

describeIdentityStore('IndexedDB', async () => {
  globalThis.indexedDB = new IDBFactory();
  const database = await openNodeDatabase(() => undefined);
  return {
    store: createIdbIdentityStore(database),
    newKey: async () => {
      const pair = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
      return pair.privateKey;
    },
    plant: async (place, row) => {
      await database.put(place, row as never);
    },
    dump: async () => [...(await database.getAll('seeds')), ...(await database.getAll('household'))],
    breakDown: () => {
      database.close();
    },
  };
});
