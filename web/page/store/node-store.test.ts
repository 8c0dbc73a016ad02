import { describe, expect, it, vi } from 'vitest';
import { createScriptedNode } from '../../../shared/testing/scripted-node.ts';
import { VirtualClock } from '../../../shared/testing/virtual-clock.ts';
import type { NodeView, Trouble } from '../../node/view.ts';
import { applyUpdate } from './apply-update.ts';
import { NodeStore } from './node-store.ts';

const VIEW: NodeView = {
  seq: 4,
  tab: 'owner',
  connection: { state: 'unpaired' },
  rooms: [],
  people: [],
  lane: { chosenBecause: 'because' },
  models: { stored: [], downloads: [] },
  backup: { identities: 0 },
  troubles: [],
};

function trouble(message: string, atMs: number): Trouble {
  return { code: 'BridgeDown', message, nextStep: 'wait', atMs };
}

function open() {
  const node = createScriptedNode(VIEW);
  const store = new NodeStore(node, new VirtualClock());
  store.listen();
  return { node, store };
}

describe('applyUpdate', () => {
  it('replaces the named fields and keeps the others as they are', () => {
    const applied = applyUpdate(VIEW, { kind: 'patch', patch: { seq: 5, tab: 'viewer' } });
    expect(applied).toEqual({ kind: 'changed', view: { ...VIEW, seq: 5, tab: 'viewer' } });
    if (applied.kind === 'changed') expect(applied.view.lane).toBe(VIEW.lane);
  });

  it.each([
    [4, 'stale'],
    [3, 'stale'],
    [6, 'gap'],
  ])('takes patch %i after 4 as %s', (seq, kind) => {
    expect(applyUpdate(VIEW, { kind: 'patch', patch: { seq } })).toEqual({ kind });
  });

  it('takes a patch before any snapshot as a gap', () => {
    expect(applyUpdate(undefined, { kind: 'patch', patch: { seq: 1 } })).toEqual({ kind: 'gap' });
  });
});

describe('NodeStore', () => {
  it('shows that the node is starting until it has said anything', () => {
    const store = new NodeStore(createScriptedNode(VIEW), new VirtualClock());
    expect(store.view.tab).toBe('starting');
  });

  it('follows the node and tells who subscribed', () => {
    const { node, store } = open();
    const told = vi.fn();
    const stop = store.subscribe(told);
    node.change({ tab: 'viewer' });
    expect(store.view).toEqual({ ...VIEW, seq: 5, tab: 'viewer' });
    stop();
    node.change({ tab: 'owner' });
    expect(told).toHaveBeenCalledTimes(1);
  });

  it('asks for a snapshot when a patch was missed, and follows once from there', () => {
    const { node, store } = open();
    node.losePatch({ tab: 'viewer' });
    node.change({ activeChannel: 'room' });
    expect(store.view).toEqual({ ...VIEW, seq: 6, tab: 'viewer', activeChannel: 'room' });
    const told = vi.fn();
    store.subscribe(told);
    node.change({ tab: 'owner' });
    expect(told).toHaveBeenCalledTimes(1);
    expect(store.view).toEqual({ ...VIEW, seq: 7, tab: 'owner', activeChannel: 'room' });
  });

  it('shows its own troubles among those of the node by time, without the dismissed', () => {
    const { node, store } = open();
    node.change({ troubles: [trouble('a', 1), trouble('c', 3)] });
    store.addTrouble(trouble('b', 2));
    expect(store.troubles.map(({ message }) => message)).toEqual(['a', 'b', 'c']);
    store.dismiss(trouble('a', 1));
    store.dismiss(trouble('b', 2));
    expect(store.troubles.map(({ message }) => message)).toEqual(['c']);
  });

  it('keeps the newest twenty of its own', () => {
    const { store } = open();
    for (let n = 0; n < 30; n += 1) store.addTrouble(trouble(`t${n}`, n));
    expect(store.troubles.map(({ message }) => message)).toEqual(
      Array.from({ length: 20 }, (_, n) => `t${n + 10}`),
    );
  });

  it('gives a refusal for a command that throws, with a next step', async () => {
    const node = createScriptedNode(VIEW);
    const failing = { ...node, say: () => Promise.reject(new Error('DataCloneError')) };
    const store = new NodeStore(failing, new VirtualClock());
    expect(await store.commands.say('room', 'hello')).toMatchObject({
      ok: false,
      trouble: { code: 'Internal', message: 'DataCloneError', nextStep: expect.any(String) },
    });
  });

  it('reports the refusal of a command without a place of its own', async () => {
    const { node, store } = open();
    node.answer('setAsleep', { ok: false, trouble: trouble('no', 9) });
    await store.report(store.commands.setAsleep('p', true));
    expect(store.troubles).toEqual([trouble('no', 9)]);
  });
});
