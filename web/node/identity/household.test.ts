import { beforeEach, describe, expect, it } from 'vitest';
import { createLogger, type LogFields } from '../../../shared/log.ts';
import { birthName } from '../../../shared/persona/names.ts';
import { systemRandom } from '../../../shared/random.ts';
import { webCryptoVerifier } from '../../../shared/signatures.ts';
import { deterministicVerifier } from '../../../shared/testing/deterministic-crypto.ts';
import {
  createIdentityDisk,
  createMemoryIdentityStore,
  type IdentityDisk,
} from '../../../shared/testing/memory-identity-store.ts';
import { SeededRandom } from '../../../shared/testing/seeded-random.ts';
import {
  createStandInIdentityCrypto,
  isStandInKey,
} from '../../../shared/testing/stand-in-identity-crypto.ts';
import { VirtualClock } from '../../../shared/testing/virtual-clock.ts';
import type { Household } from '../host/household.ts';
import { createHousehold } from './household.ts';
import { createWebIdentityCrypto } from './web-identity-crypto.ts';

const NOBODY: ReadonlySet<string> = new Set();

/** A browser profile: reopening it keeps the disk. */
class Profile {
  readonly disk: IdentityDisk = createIdentityDisk();
  readonly clock = new VirtualClock();
  readonly logged: { event: string; fields: LogFields }[] = [];
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  open(): Household {
    return createHousehold({
      store: createMemoryIdentityStore(this.disk, isStandInKey),
      crypto: createStandInIdentityCrypto(this.#random),
      verifier: deterministicVerifier,
      random: this.#random,
      clock: this.clock,
      log: createLogger((line) => this.logged.push(line), this.clock),
    });
  }

  async code(): Promise<string> {
    return (await this.open().backup()).recoveryCode ?? '';
  }

  async file(): Promise<string> {
    return (await this.open().backupFile()).text;
  }
}

let home: Profile;
let other: Profile;
beforeEach(() => {
  home = new Profile(1);
  other = new Profile(2);
});

describe('a household', () => {
  it('has a persona and a human born once, and resumes them ever after', async () => {
    const born = await home.open().draw('helper', NOBODY);
    const human = await home.open().human();
    expect(born.source).toBe('minted');
    expect(born.identity.seed).toMatchObject({ kind: 'persona', role: 'helper', version: 1 });
    expect(human.seed).toMatchObject({ kind: 'human', role: 'custom' });
    const again = await home.open().draw('helper', NOBODY);
    expect(again.source).toBe('resumed');
    expect(again.identity.seed).toEqual(born.identity.seed);
    expect((await home.open().human()).seed).toEqual(human.seed);
    const message = new Uint8Array([1, 2]);
    expect(await again.identity.signer.sign(message)).toEqual(await born.identity.signer.sign(message));
  });

  it('draws by role, and bears another one only when all of a role are hosted', async () => {
    const coder = await home.open().draw('coder', NOBODY);
    const helper = await home.open().draw('helper', NOBODY);
    await home.clock.advance(1);
    const second = await home.open().draw('helper', new Set([helper.identity.seed.peer_id]));
    expect(second.source).toBe('minted');
    expect(second.identity.seed.agent_name).not.toBe(helper.identity.seed.agent_name);
    const household = home.open();
    expect((await household.draw('coder', NOBODY)).identity.seed).toEqual(coder.identity.seed);
    expect((await household.draw('helper', NOBODY)).identity.seed).toEqual(helper.identity.seed);
  });

  it('makes one household even when two are born at once', async () => {
    const household = home.open();
    const [maya, human] = await Promise.all([household.draw('helper', NOBODY), household.human()]);
    expect(maya.source).toBe('minted');
    await other.open().restore(await home.file(), await home.code());
    expect((await other.open().human()).seed).toEqual(human.seed);
  });

  it('gives nobody out who could not be stored', async () => {
    home.disk.isFull = true;
    await expect(home.open().draw('helper', NOBODY)).rejects.toMatchObject({ code: 'SeedWriteFailed' });
    expect(home.disk.seeds.size + Number(home.disk.household !== undefined)).toBe(0);
  });

  it('tells a store that fails, and bears nobody then', async () => {
    home.disk.isBroken = true;
    await expect(home.open().draw('helper', NOBODY)).rejects.toMatchObject({ code: 'StorageFailed' });
  });

  it('bears no stranger in place of somebody unreadable, but resumes the others', async () => {
    const { identity } = await home.open().draw('helper', NOBODY);
    await home.open().draw('coder', NOBODY);
    const damaged = { peerId: identity.seed.peer_id, seed: { role: 'helper', kind: 'persona' } };
    home.disk.seeds.set(identity.seed.peer_id, damaged);
    await expect(home.open().draw('helper', NOBODY)).rejects.toMatchObject({ code: 'SeedMalformed' });
    expect((await home.open().draw('coder', NOBODY)).source).toBe('resumed');
    expect((await home.open().human()).seed.kind).toBe('human');
    expect(home.disk.seeds.get(identity.seed.peer_id)).toBe(damaged);
    expect(home.logged).toContainEqual(
      expect.objectContaining({
        event: 'identity.malformed',
        fields: expect.objectContaining({ key: identity.seed.peer_id }) as LogFields,
      }),
    );
  });

  it('shows the recovery code until it is saved, and has no trace of it afterwards', async () => {
    expect(await home.open().backup()).toEqual({ identities: 0 });
    await home.open().human();
    const code = await home.code();
    expect(await home.open().backup()).toEqual({ identities: 1, recoveryCode: code });
    await home.open().confirmRecoveryCodeSaved();
    expect(await home.open().backup()).toEqual({ identities: 1 });
    expect(JSON.stringify([home.disk.household, ...home.disk.seeds.values()])).not.toContain(code);
    await other.open().restore(await home.file(), code);
  });
});

describe('a backup', () => {
  it('brings everybody back in another browser: same ids, keys, names', async () => {
    const maya = (await home.open().draw('helper', NOBODY)).identity;
    const human = await home.open().human();
    const report = await other.open().restore(await home.file(), (await home.code()).toLowerCase());
    expect(report).toEqual({ restored: 2, skipped: 0 });
    const there = await other.open().draw('helper', NOBODY);
    expect(there.source).toBe('resumed');
    expect(there.identity.seed).toEqual(maya.seed);
    const message = new Uint8Array([9]);
    expect(await there.identity.signer.sign(message)).toEqual(await maya.signer.sign(message));
    expect((await other.open().human()).seed).toEqual(human.seed);
  });

  it('puts whoever was restored before whoever was born here, and loses nobody', async () => {
    const stray = (await other.open().draw('helper', NOBODY)).identity;
    await home.clock.advance(1_000);
    const maya = (await home.open().draw('helper', NOBODY)).identity;
    await other.open().restore(await home.file(), await home.code());
    const first = await other.open().draw('helper', NOBODY);
    expect(first.identity.seed).toEqual(maya.seed);
    const second = await other.open().draw('helper', new Set([maya.seed.peer_id]));
    expect(second.identity.seed).toEqual(stray.seed);
  });

  it('is sealed anew to the household that is here: its own code opens the next backup', async () => {
    await home.open().draw('helper', NOBODY);
    await other.open().human();
    await other.open().restore(await home.file(), await home.code());
    const third = new Profile(3);
    const file = await other.file();
    await expect(third.open().restore(file, await home.code())).rejects.toMatchObject({
      code: 'BackupCodeWrong',
    });
    expect(await third.open().restore(file, await other.code())).toEqual({ restored: 2, skipped: 0 });
  });

  it('skips whoever is here already', async () => {
    await home.open().draw('helper', NOBODY);
    const before = structuredClone([...home.disk.seeds.values()]);
    expect(await home.open().restore(await home.file(), await home.code())).toEqual({
      restored: 0,
      skipped: 1,
    });
    expect([...home.disk.seeds.values()]).toEqual(before);
  });

  it('repairs an unreadable identity and keeps what was stored of it', async () => {
    const { seed } = (await home.open().draw('helper', NOBODY)).identity;
    const file = await home.file();
    home.disk.seeds.set(seed.peer_id, { peerId: seed.peer_id, seed: 'half of something' });
    expect(await home.open().restore(file, await home.code())).toEqual({ restored: 1, skipped: 0 });
    expect((await home.open().draw('helper', NOBODY)).identity.seed).toEqual(seed);
    expect(JSON.stringify([...home.disk.seeds.values()])).toContain('half of something');
  });

  it('has a newcomer make room for a name, and nobody who is older than the backup', async () => {
    const maya = (await home.open().draw('helper', NOBODY)).identity.seed;
    const claim = async (profile: Profile): Promise<string> => {
      const mine = (await profile.open().draw('helper', NOBODY)).identity.seed;
      const row = profile.disk.seeds.get(mine.peer_id) as { seed: object };
      const seed = { ...row.seed, agent_name: maya.agent_name };
      profile.disk.seeds.set(mine.peer_id, { ...row, agentName: maya.agent_name, seed });
      return mine.peer_id;
    };
    await claim(other);
    await home.clock.advance(1_000);
    const file = await home.file();
    const elder = structuredClone([...other.disk.seeds.values()]);
    await expect(other.open().restore(file, await home.code())).rejects.toMatchObject({
      code: 'IdentityConflict',
    });
    expect([...other.disk.seeds.values()]).toEqual(elder);

    const fresh = new Profile(4);
    await fresh.clock.advance(2_000);
    const newcomer = await claim(fresh);
    expect(await fresh.open().restore(file, await home.code())).toEqual({ restored: 1, skipped: 0 });
    expect((await fresh.open().draw('helper', NOBODY)).identity.seed).toEqual(maya);
    const second = await fresh.open().draw('helper', new Set([maya.peer_id]));
    expect(second.identity.seed).toMatchObject({
      peer_id: newcomer,
      agent_name: birthName(newcomer, 'persona', [maya.agent_name]),
    });
    expect(fresh.logged.map(({ event }) => event)).toContain('identity.renamed');
  });

  it('cannot be written before anybody lives here', async () => {
    await expect(home.open().backupFile()).rejects.toMatchObject({ code: 'BridgeDown' });
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{"format":'],
    ['another JSON', '{"format":"persona-node-backup","version":2}'],
    ['a list', '[]'],
    ['too much', ' '.repeat(2 ** 20 + 1)],
    ['deep nesting', '['.repeat(9_000) + ']'.repeat(9_000)],
    ['deep nesting after an escaped quote', `["\\"${'['.repeat(9_000)}`],
  ])('that is %s is malformed', async (_what, text) => {
    await expect(home.open().restore(text, '0'.repeat(28))).rejects.toMatchObject({
      code: 'BackupMalformed',
    });
    expect(home.disk.household).toBeUndefined();
  });
});

describe('a backup that was tampered with', () => {
  /** Every leaf of the JSON, with a change that keeps its form where that is possible. */
  function* tampered(value: unknown): Generator<{ path: string; value: unknown }> {
    if (typeof value === 'string') {
      const swapped = new Map([
        ['persona', 'human'],
        ['human', 'persona'],
        ['helper', 'coder'],
        ['custom', 'sentinel'],
      ]).get(value);
      yield { path: '', value: swapped ?? `${value.startsWith('a') ? 'b' : 'a'}${value.slice(1)}` };
    } else if (typeof value === 'number') yield { path: '', value: value + 1 };
    else if (typeof value === 'object' && value !== null) {
      for (const [key, part] of Object.entries(value)) {
        for (const change of tampered(part)) {
          const copy: unknown = Array.isArray(value) ? [...value] : { ...value };
          (copy as Record<string, unknown>)[key] = change.value;
          yield { path: `${key}.${change.path}`, value: copy };
        }
        if (Array.isArray(value))
          yield { path: `${key} removed`, value: value.filter((other) => other !== part) };
      }
      if (Array.isArray(value)) yield { path: 'twice', value: [...value, value[0]] };
      else yield { path: 'more', value: { ...value, more: 1 } };
    }
  }

  it('is refused whatever field it was, and nothing is stored', async () => {
    // The real cryptography: what the stand-in refuses proves nothing.
    const disk = createIdentityDisk();
    const isKey = (value: unknown): value is CryptoKey => value instanceof CryptoKey;
    const open = (on: IdentityDisk): Household =>
      createHousehold({
        store: createMemoryIdentityStore(on, isKey),
        crypto: createWebIdentityCrypto(systemRandom),
        verifier: webCryptoVerifier,
        random: systemRandom,
        clock: home.clock,
        log: createLogger(() => undefined, home.clock),
      });
    await open(disk).draw('helper', NOBODY);
    await open(disk).human();
    const code = (await open(disk).backup()).recoveryCode ?? '';
    const file = JSON.parse((await open(disk).backupFile()).text) as unknown;
    const target = createIdentityDisk();
    const changes = [...tampered(file)];
    expect(changes.length).toBeGreaterThan(35);
    for (const { path, value } of changes) {
      const outcome = await open(target)
        .restore(JSON.stringify(value), code)
        .then(
          () => 'restored',
          (error: { code?: string }) => error.code,
        );
      expect(['BackupMalformed', 'BackupCodeWrong'], path).toContain(outcome);
    }
    expect([target.seeds.size, target.household]).toEqual([0, undefined]);
    expect(await open(target).restore(JSON.stringify(file), code)).toEqual({ restored: 2, skipped: 0 });
  });
});
