import { describe, expect, it } from 'vitest';
import { endpointName } from './pipe-name.ts';

const SOCKET = String.raw`C:\Users\alice\.airc\daemon.sock`;
const nothingThere = (): string => {
  throw new Error('ENOENT');
};

describe('endpointName', () => {
  it.each(['linux', 'darwin'] as const)('leaves a socket on %s alone', (platform) => {
    expect(endpointName('/run/airc.sock', platform)).toBe('/run/airc.sock');
  });

  it('leaves the name of a pipe alone', () => {
    expect(endpointName(String.raw`\\.\pipe\airc-x`, 'win32', nothingThere)).toBe(
      String.raw`\\.\pipe\airc-x`,
    );
  });

  it('makes a pipe of the text of a path where nothing is', () => {
    expect(endpointName(SOCKET, 'win32', nothingThere)).toBe(
      String.raw`\\.\pipe\airc-ca72bc23f06d5ae0b90207dd4d3942f2`,
    );
  });

  it('takes the same pipe for every spelling of a path that is there', () => {
    const real = (path: string): string => path.replaceAll('ALICE~1', 'alice');
    expect(endpointName(SOCKET.replace('alice', 'ALICE~1'), 'win32', real)).toBe(
      endpointName(SOCKET.toUpperCase().replace('ALICE', 'alice'), 'win32', real),
    );
  });
});
