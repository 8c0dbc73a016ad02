/** Owns the acceptance suite of the identity store: IndexedDB and the memory stand-in must both pass it. */
import { beforeEach, describe, expect, it } from 'vitest';
import type {
  IdentityStore,
  StoredHousehold,
  StoredIdentity,
} from '../../web/node/storage/identity-store.ts';
import { AppError } from '../errors.ts';

const ID = (n: number): string => `aaaaaaaa-aaaa-4aaa-8aaa-${String(n).padStart(12, '0')}`;
const text = (char: string, length: number): string => char.repeat(length);

export interface IdentityStoreSubject<Key> {
  readonly store: IdentityStore<Key>;
  newKey(): Promise<Key>;
  /** Puts what a defect or another program might have left there. */
  plant(place: 'seeds' | 'household', row: { readonly [field: string]: unknown }): Promise<void>;
  /** Everything stored about identities, as it is. */
  dump(): Promise<readonly unknown[]>;
  /** Makes every later call fail, as a closed or full database does. */
  breakDown(): void;
}

export function describeIdentityStore<Key>(
  name: string,
  open: () => Promise<IdentityStoreSubject<Key>>,
): void {
  describe(`identity store: ${name}`, () => {
    let subject: IdentityStoreSubject<Key>;
    let key: Key;
    beforeEach(async () => {
      subject = await open();
      key = await subject.newKey();
    });

    const identity = (
      n: number,
      agentName: string,
      seed: Partial<StoredIdentity<Key>['seed']> = {},
    ): StoredIdentity<Key> => ({
      privateKey: key,
      sealed: { ephemeralPublicKey: text('e', 43), nonce: text('n', 16), ciphertext: text('c', 64) },
      seed: {
        version: 1,
        peer_id: ID(n),
        client_id: ID(n + 500),
        agent_name: agentName,
        kind: 'persona',
        role: 'helper',
        public_key: text('k', 43),
        created_at_ms: 1_000 - n,
        ...seed,
      },
    });
    const household = (publicKey = text('h', 43)): StoredHousehold<Key> => ({
      publicKey,
      signingPublicKey: text('s', 43),
      signingKey: key,
      lockedPrivateKey: { salt: 'salt', iterations: 600_000, nonce: text('n', 16), ciphertext: 'cc' },
      recoveryCode: 'CODE',
    });
    const put = (...identities: StoredIdentity<Key>[]) => subject.store.update(() => ({ identities }));
    const names = async () => (await subject.store.read()).identities.map(({ seed }) => seed.agent_name);

    it('is empty at first', async () => {
      expect(await subject.store.read()).toEqual({ identities: [], malformed: [] });
    });

    it('gives back what was stored, oldest first, with keys', async () => {
      await subject.store.update(() => ({ identities: [identity(1, 'Maya')], household: household() }));
      await put({ ...identity(2, 'Niko'), restoredAtMs: 7 });
      const reading = await subject.store.read();
      expect(reading.identities).toEqual([{ ...identity(2, 'Niko'), restoredAtMs: 7 }, identity(1, 'Maya')]);
      expect(reading.household).toEqual(household());
      expect(reading.malformed).toEqual([]);
    });

    it('shows what is there to whoever decides, and stores nothing when that throws', async () => {
      await put(identity(1, 'Maya'));
      const seen: string[] = [];
      const refused = subject.store.update((present) => {
        seen.push(...present.identities.map(({ seed }) => seed.agent_name));
        throw new AppError('IdentityConflict', 'no');
      });
      await expect(refused).rejects.toMatchObject({ code: 'IdentityConflict' });
      expect(seen).toEqual(['Maya']);
      expect(await names()).toEqual(['Maya']);
    });

    it.each([
      ['a name that is taken', () => identity(2, 'Maya')],
      ['an id with another key', () => identity(1, 'Niko', { public_key: text('x', 43) })],
    ])('refuses %s, and everything that came with it', async (_what, other) => {
      await put(identity(1, 'Maya'));
      const before = await subject.dump();
      await expect(put(identity(3, 'Iris'), other())).rejects.toMatchObject({ code: 'IdentityConflict' });
      await expect(put(identity(4, 'Zoe'), identity(5, 'Zoe'))).rejects.toMatchObject({
        code: 'IdentityConflict',
      });
      expect(await subject.dump()).toEqual(before);
    });

    it('lets a name go from one to another in one change', async () => {
      await put(identity(1, 'Maya'));
      await put(identity(2, 'Maya'), identity(1, 'Iris'));
      expect(await names()).toEqual(['Maya', 'Iris']);
    });

    it('replaces the household as a whole', async () => {
      await subject.store.update(() => ({ household: household() }));
      const { publicKey, signingPublicKey, signingKey, lockedPrivateKey } = household();
      const without = { publicKey, signingPublicKey, signingKey, lockedPrivateKey };
      await subject.store.update(() => ({ household: without }));
      expect((await subject.store.read()).household).toEqual(without);
    });

    it.each([
      ['no seed', { seed: undefined }],
      ['a seed of an unknown version', { seed: { ...identity(1, 'Maya').seed, version: 99 } }],
      ['a seed without a role', { seed: { ...identity(1, 'Maya').seed, role: undefined } }],
      ['another id inside', { seed: identity(2, 'Maya').seed }],
      ['another name inside', { seed: identity(1, 'Iris').seed }],
      ['no private key', { privateKey: 'secret' }],
      ['no sealed key', { sealed: { nonce: 'x' } }],
    ])('tells a row with %s as malformed and keeps it', async (_what, damage) => {
      const good = { peerId: ID(1), agentName: 'Maya', ...identity(1, 'Maya') };
      await subject.plant('seeds', { ...good, ...damage });
      await put(identity(3, 'Niko'));
      const before = await subject.dump();
      const reading = await subject.store.read();
      expect(reading.malformed.map((row) => row.key)).toEqual([ID(1)]);
      expect(reading.identities.map(({ seed }) => seed.agent_name)).toEqual(['Niko']);
      await expect(put(identity(1, 'Maya'))).rejects.toMatchObject({ code: 'IdentityConflict' });
      expect(await subject.dump()).toEqual(before);
    });

    it('tells what can be told of a malformed row', async () => {
      const seed = { kind: 'human', role: 'custom', version: 99 };
      await subject.plant('seeds', { peerId: ID(1), agentName: 'Maya', seed });
      await subject.plant('seeds', { peerId: ID(2), agentName: 'Iris', seed: 'nonsense' });
      expect((await subject.store.read()).malformed).toMatchObject([{ kind: 'human', role: 'custom' }, {}]);
    });

    it('sets a malformed row aside for a good one, and keeps what it held', async () => {
      await subject.plant('seeds', { peerId: ID(1), agentName: 'Maya', seed: 'precious' });
      await subject.store.update(() => ({ identities: [identity(1, 'Maya')], setAside: [ID(1)] }));
      expect(await subject.store.read()).toEqual({ identities: [identity(1, 'Maya')], malformed: [] });
      expect(JSON.stringify(await subject.dump())).toContain('precious');
    });

    it('tells a malformed household, and keeps the identities readable', async () => {
      await put(identity(1, 'Maya'));
      await subject.plant('household', { id: 'household', publicKey: 'short' });
      const reading = await subject.store.read();
      expect(reading.household).toBeUndefined();
      expect(reading.malformed.map((row) => row.key)).toEqual(['household']);
      expect(reading.identities).toHaveLength(1);
    });

    it('tells a store that fails apart from a store that is empty', async () => {
      subject.breakDown();
      await expect(subject.store.read()).rejects.toMatchObject({ code: 'StorageFailed' });
      await expect(put(identity(1, 'Maya'))).rejects.toMatchObject({ code: 'StorageFailed' });
    });
  });
}
