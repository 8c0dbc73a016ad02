import { describe, expect, it } from 'vitest';
import { MemoryLocks } from '../../shared/testing/memory-locks.ts';
import { VirtualClock } from '../../shared/testing/virtual-clock.ts';
import { createNodeService, type OwnedNode } from './node-service.ts';
import type { TabChannel, TabMessage } from './ownership/tab-channel.ts';
import type { ViewPublisher, ViewUpdate } from './view/view-publisher.ts';
import type { NodeView } from './view.ts';

/** One browser profile: its locks and its broadcast channel. */
class Profile {
  readonly clock = new VirtualClock();
  readonly locks = new MemoryLocks();
  readonly #channels = new Set<TabChannel>();
  log: string[] = [];

  /** `startMs`: how long its node takes to start. */
  open(name: string, startMs = 0) {
    const channel: TabChannel = {
      post: (message: TabMessage) => {
        const copy = structuredClone(message);
        for (const other of this.#channels)
          if (other !== channel) queueMicrotask(() => other.onMessage(copy));
      },
      onMessage: () => undefined,
      close: () => this.#channels.delete(channel),
    };
    this.#channels.add(channel);
    let publisher: ViewPublisher | undefined;
    const service = createNodeService({
      tabId: name,
      locks: this.locks,
      channel,
      clock: this.clock,
      startNode: (given) => {
        publisher = given;
        this.log.push(`${name} starts`);
        given.change({ connection: { state: 'unpaired' } });
        const ok = () => Promise.resolve({ ok: true as const });
        const node: OwnedNode = {
          stop: () => {
            this.log.push(`${name} stops`);
            return Promise.resolve();
          },
          commands: {
            pair: ok,
            say: (_channel, text) => {
              this.log.push(`${name} says ${text}`);
              return ok();
            },
            retry: ok,
            loadOlder: ok,
            markRead: ok,
            openModel: () => this.clock.sleep(100_000).then(ok),
            useModel: ok,
            download: ok,
            resumeDownload: ok,
            pauseDownload: ok,
            removeDownload: ok,
            approveHost: ok,
            checkModel: ok,
            removeModel: ok,
            copyModel: ok,
            chooseAdapter: ok,
            freeDevice: ok,
            thinkAgain: ok,
            setDeviceShare: ok,
            setLanePlace: ok,
            measureSpeed: ok,
            connectEndpoint: ok,
            forgetEndpoint: ok,
            setGatedToken: ok,
            forgetGatedToken: ok,
            setAsleep: ok,
            backupFile: () => Promise.resolve({ ok: true, fileName: 'f', text: 't' }),
            restoreBackup: ok,
            confirmRecoveryCodeSaved: ok,
          },
        };
        return startMs === 0 ? Promise.resolve(node) : this.clock.sleep(startMs).then(() => node);
      },
    });
    const end = new AbortController();
    void service.run(end.signal).catch(() => undefined);
    let view: NodeView | undefined;
    const seqs: number[] = [];
    void service.listen((update: ViewUpdate) => {
      view = update.kind === 'snapshot' ? update.view : { ...(view as NodeView), ...update.patch };
      seqs.push(view.seq);
    });
    return {
      service,
      seqs,
      view: () => view as NodeView,
      publish: (fields: Partial<NodeView>) => publisher?.change(fields),
      crash: () => {
        this.#channels.delete(channel);
        end.abort();
      },
    };
  }
}

describe('the tabs of one browser profile', () => {
  it('are one owner and live viewers', async () => {
    const profile = new Profile();
    const first = profile.open('first');
    await profile.clock.advance(100);
    const second = profile.open('second');
    await profile.clock.advance(100);
    expect(first.view().tab).toBe('owner');
    expect(second.view()).toMatchObject({ tab: 'viewer', connection: { state: 'unpaired' } });
    first.publish({ activeChannel: 'general' });
    await profile.clock.advance(100);
    expect(second.view()).toMatchObject({ tab: 'viewer', activeChannel: 'general' });
    expect(profile.log).toEqual(['first starts']);
  });

  it('number every patch without a gap, also in a viewer', async () => {
    const profile = new Profile();
    const first = profile.open('first');
    await profile.clock.advance(100);
    const second = profile.open('second');
    for (let i = 0; i < 5; i += 1) {
      first.publish({ activeChannel: String(i) });
      await profile.clock.advance(50);
    }
    for (const { seqs } of [first, second]) {
      expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => (seqs[0] ?? 0) + i));
    }
  });

  it("forward a viewer's commands to the owner", async () => {
    const profile = new Profile();
    profile.open('first');
    await profile.clock.advance(100);
    const second = profile.open('second');
    await profile.clock.advance(100);
    const said = second.service.say('general', 'hello');
    await profile.clock.advance(100);
    expect(await said).toEqual({ ok: true });
    expect(await second.service.backupFile()).toEqual({ ok: true, fileName: 'f', text: 't' });
    expect(profile.log).toContain('first says hello');
  });

  it('wait for a command of a viewer as long as the owner is at work on it', async () => {
    const profile = new Profile();
    profile.open('first');
    await profile.clock.advance(100);
    const second = profile.open('second');
    await profile.clock.advance(100);
    const opened = second.service.openModel([new File([], 'large.gguf')]);
    await profile.clock.advance(101_000);
    expect(await opened).toEqual({ ok: true });
  });

  it('move the node where the person says, in good order', async () => {
    const profile = new Profile();
    const first = profile.open('first');
    await profile.clock.advance(100);
    const second = profile.open('second');
    const third = profile.open('third');
    await profile.clock.advance(100);
    await third.service.moveHere();
    await profile.clock.advance(500);
    expect(third.view().tab).toBe('owner');
    expect(first.view().tab).toBe('viewer');
    expect(second.view().tab).toBe('viewer');
    expect(profile.log.at(-1)).toBe('third starts');
    expect(profile.log.filter((line) => line.endsWith('starts')).length).toBe(
      profile.log.filter((line) => line.endsWith('stops')).length + 1,
    );
  });

  it('show the node again in the tab that gave it away while the next one still starts', async () => {
    const profile = new Profile();
    const first = profile.open('first');
    await profile.clock.advance(100);
    const second = profile.open('second', 300);
    await profile.clock.advance(100);
    await second.service.moveHere();
    await profile.clock.advance(1_000);
    second.publish({ activeChannel: 'general' });
    await profile.clock.advance(100);
    expect(first.view()).toMatchObject({ tab: 'viewer', activeChannel: 'general' });
  });

  it('take over from an owner that does not answer any more', async () => {
    const profile = new Profile();
    const first = profile.open('first');
    await profile.clock.advance(100);
    const second = profile.open('second');
    await profile.clock.advance(100);
    // Frozen: it keeps its lock, but hears nothing.
    first.crash();
    await profile.clock.advance(100);
    await second.service.moveHere();
    await profile.clock.advance(6_000);
    expect(second.view().tab).toBe('owner');
  });

  it('answer a command of a viewer whose owner is gone', async () => {
    const profile = new Profile();
    const first = profile.open('first');
    await profile.clock.advance(100);
    const second = profile.open('second');
    await profile.clock.advance(100);
    first.crash();
    const said = second.service.say('general', 'hello');
    await profile.clock.advance(20_000);
    expect(await said).toMatchObject({ ok: false, trouble: { code: 'OwnerElsewhere' } });
  });
});
