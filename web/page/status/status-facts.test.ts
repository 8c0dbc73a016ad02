import { describe, expect, it } from 'vitest';
import type { NodeView } from '../../node/view.ts';
import { statusFacts } from './status-facts.ts';

const base: NodeView = {
  seq: 0,
  tab: 'owner',
  connection: {
    state: 'ready',
    companionVersion: '0.1.0',
    daemon: { kind: 'embedded', socketPath: '/s', state: 'up' },
  },
  rooms: [],
  people: [],
  lane: { chosenBecause: '' },
  models: { stored: [], downloads: [] },
  backup: { identities: 0 },
  troubles: [],
};
const room = { name: 'general', channel: 'c', unread: 0, items: [], hasOlder: false, loadingOlder: false };
const report = {
  lane: 'companion',
  backend: 'cpu',
  evidence: 'llama.cpp on 2 threads',
  model: { name: 'a.gguf', sizeBytes: 1, starter: true },
  contextTokens: 2048,
  threads: 2,
  loadMs: 10,
} as const;

const said = (view: Partial<NodeView>) =>
  statusFacts({ ...base, ...view }, room).map(({ name, value, detail }) =>
    detail === undefined ? `${name}: ${value}` : `${name}: ${value} (${detail})`,
  );

describe('statusFacts', () => {
  it('says daemon, room, lane and why, proof, model for what it is, and speed', () => {
    expect(
      said({ lane: { report, chosenBecause: 'no WebGPU here', speeds: { decodeTokensPerSecond: 41.25 } } }),
    ).toEqual([
      'Connection: connected (companion 0.1.0)',
      'Daemon: built-in daemon (room general)',
      'Lane: companion, on this machine (no WebGPU here)',
      'Backend: CPU (llama.cpp on 2 threads)',
      'Model: a.gguf (a small starter; larger ones under Models)',
      'Speed: 41.3 tokens/s',
    ]);
  });

  it('says who thinks and how many wait, by name', () => {
    const people = [
      { peerId: 'a', name: 'Ann', kind: 'persona', role: 'helper', self: false, hue: 1 },
      { peerId: 'b', name: 'Bob', kind: 'persona', role: 'helper', self: false, hue: 2 },
    ] as const;
    const queue = (running: readonly string[], waiting: readonly string[]) =>
      said({ people, lane: { report, chosenBecause: '', queue: { running, waiting } } }).at(-1);
    expect(queue(['a'], ['b', 'b'])).toBe('Queue: Ann at work (2 waiting)');
    expect(queue(['measure'], [])).toBe('Queue: the measurement at work');
    expect(queue([], ['b'])).toBe('Queue: resting for its share (1 waiting)');
    expect(queue([], [])).toMatch(/^Model/);
  });

  it('says that the model is away, and why', () => {
    expect(said({ lane: { report, chosenBecause: '', isUnloaded: true } }).at(-1)).toContain(
      'unloaded while nobody',
    );
    expect(said({ lane: { chosenBecause: '', isFreed: true } }).at(-1)).toBe(
      'Lane: at rest (the device is free)',
    );
  });

  it('says what is loaded while it is loaded', () => {
    const progress = { what: 'downloading', done: 1024, total: 4096, unit: 'bytes' } as const;
    expect(said({ lane: { chosenBecause: 'WebGPU is there', progress } }).slice(2)).toEqual([
      'Lane: loading (WebGPU is there)',
      'Model: downloading (1 KiB of 4 KiB)',
    ]);
  });

  it('says what is missing in words', () => {
    expect(said({ connection: { state: 'unpaired' } })).toEqual(['Connection: not paired']);
    expect(said({ connection: { state: 'connecting', attempt: 3 } })).toEqual([
      'Connection: reconnecting (attempt 3)',
    ]);
    const daemon = { kind: 'airc', socketPath: '/s', state: 'gone' } as const;
    expect(said({ connection: { state: 'ready', companionVersion: '1', daemon } })[1]).toBe(
      'Daemon: airc daemon, gone (looked for again and again)',
    );
    const trouble = { code: 'NoLane', message: 'nothing can think', nextStep: 'n', atMs: 0 } as const;
    expect(said({ lane: { chosenBecause: '', trouble } }).at(-1)).toBe(
      'Lane: cannot serve (nothing can think)',
    );
  });
});
