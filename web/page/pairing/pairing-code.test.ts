import { describe, expect, it, vi } from 'vitest';
import { codeFromLink, takePairingCode } from './pairing-code.ts';

function take(hash: string) {
  const replaceState = vi.fn();
  const code = takePairingCode({ hash, pathname: '/', search: '?a=1' }, { state: null, replaceState });
  return { code, replaced: replaceState.mock.calls.map((call) => call[2] as unknown) };
}

describe('takePairingCode', () => {
  it('takes the code and leaves an address without it', () => {
    expect(take('#pair=Ab_9-z')).toEqual({ code: 'Ab_9-z', replaced: ['/?a=1'] });
  });

  it('takes an empty code too, so that a cut link is told as a wrong one', () => {
    expect(take('#pair=')).toEqual({ code: '', replaced: ['/?a=1'] });
  });

  it.each(['', '#', '#message', '#PAIR=x'])('leaves %j alone', (hash) => {
    expect(take(hash)).toEqual({ code: undefined, replaced: [] });
  });

  it('cuts what cannot be a code', () => {
    expect(take(`#pair=${'x'.repeat(10_000)}`).code).toHaveLength(256);
  });
});

describe('codeFromLink', () => {
  it.each([
    [' http://127.0.0.1:4747/#pair=Ab_9-z\n', 'Ab_9-z'],
    ['#pair=Ab_9-z', 'Ab_9-z'],
    ['Ab_9-z', 'Ab_9-z'],
    ['x'.repeat(10_000), 'x'.repeat(256)],
  ])('reads %j', (pasted, code) => {
    expect(codeFromLink(pasted)).toBe(code);
  });
});
