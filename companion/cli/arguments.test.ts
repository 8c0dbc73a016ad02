import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCommand } from './arguments.ts';

const CWD = resolve('/somewhere');

describe('parseCommand', () => {
  it('starts by default', () => {
    const home = join(homedir(), '.persona-node');
    expect(parseCommand([], CWD)).toEqual({
      kind: 'start',
      options: { port: 4747, home, airc: 'auto', adapters: [], open: true },
    });
  });

  it('takes every option, with paths relative to the folder it is run in', () => {
    const args =
      '--port 0 --home h --airc a.sock --room general --model m.gguf --lane gguf --llama-gpu vulkan --no-open --adapter a.gguf --adapter /b.gguf';
    expect(parseCommand(args.split(' '), CWD)).toEqual({
      kind: 'start',
      options: {
        port: 0,
        home: join(CWD, 'h'),
        airc: join(CWD, 'a.sock'),
        room: 'general',
        model: join(CWD, 'm.gguf'),
        adapters: [join(CWD, 'a.gguf'), resolve('/b.gguf')],
        lane: 'gguf',
        llamaGpu: 'vulkan',
        open: false,
      },
    });
    expect(parseCommand(['--airc', String.raw`\\.\pipe\airc`], CWD)).toMatchObject({
      options: { airc: String.raw`\\.\pipe\airc` },
    });
  });

  it('knows the other commands', () => {
    expect(parseCommand(['status', '--json', '--home', '/h'], CWD)).toEqual({
      kind: 'status',
      home: resolve('/h'),
      json: true,
    });
    expect(parseCommand(['pair', '--home', '/h'], CWD)).toEqual({ kind: 'pair', home: resolve('/h') });
    expect(parseCommand(['--help'], CWD)).toEqual({ kind: 'help' });
    expect(parseCommand(['status', '-h'], CWD)).toEqual({ kind: 'help' });
    expect(parseCommand(['--version'], CWD)).toEqual({ kind: 'version' });
  });

  it.each([
    ['--port', '70000'],
    ['--port', '-1'],
    ['--port', '80x'],
    ['--port', ''],
    ['--lane', 'mlc'],
    ['--llama-gpu', 'auto'],
    ['status', '--llama-gpu', 'cuda'],
    ['--room', ' '],
    ['--home', ''],
    ['--adapter', 'a.gguf', '--adapter', ' '],
    ['--adapter'],
    ['status', '--adapter', 'a.gguf'],
    ['--prot', '1'],
    ['--port'],
    ['dance'],
    ['status', 'now'],
    ['status', '--port', '1'],
    ['pair', '--json'],
    ['--json'],
  ])('refuses %s %s', (...args) => {
    expect(() => parseCommand(args, CWD)).toThrow(expect.objectContaining({ code: 'ArgumentInvalid' }));
  });
});
