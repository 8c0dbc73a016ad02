import { describe, expect, it } from 'vitest';
import { estimateFit, type Demand, type DeviceLimits } from './fit.ts';
import { ratioOf, withFailure, withLoad, type Estimate, type Learned } from './fit-learning.ts';

const GIB = 2 ** 30;
const NOTHING: Learned = { loads: [] };
const estimate: Estimate = { modelBytes: 2 * GIB, engineBytes: GIB / 4, scoreBytes: GIB / 2 };
const load = (
  bytes: number,
  { learned = NOTHING, of = 'buffers' as 'buffers' | 'process', model = 'm' } = {},
): Learned => withLoad(learned, { model, estimate, used: { bytes, of } });
const ratios = ({ loads }: Learned): readonly number[] => loads.map(({ ratio }) => ratio);

const demand: Demand = { weightsBytes: 2 * GIB, contextTokens: 0, cacheBytesPerToken: 0, engineBytes: 0 };
const limits: DeviceLimits = { place: 'here', memoryBytes: 16 * GIB, easyPart: 1 / 2 };
const fit = (weights: number, learned?: Learned, more: Partial<DeviceLimits> = {}) =>
  estimateFit({ ...demand, weightsBytes: weights * GIB }, { ...limits, ...more }, learned);

describe('what loads taught', () => {
  it('is held against what the lane measures: buffers have the scores in them, a process its engine', () => {
    expect(ratios(load(2.5 * GIB))).toEqual([1]);
    expect(ratios(load(2.25 * GIB, { of: 'process' }))).toEqual([1]);
    expect(ratios(load(3 * GIB))).toEqual([1.2]);
  });

  it('is bounded, whatever a file said of itself', () => {
    expect(ratios(load(0))).toEqual([0.8]);
    expect(ratios(load(900 * GIB))).toEqual([2]);
    expect(fit(2, load(900 * GIB)).neededBytes).toBe(4 * GIB);
    expect(fit(2, load(0)).neededBytes).toBe(Math.ceil(1.6 * GIB));
  });

  it('is of the newest few, and their middle: one odd model among them moves little', () => {
    const many = [2.5, 2.5, 2.5, 2.5, 2.5, 900].reduce<Learned>(
      (learned, gib, index) => load(gib * GIB, { learned, model: `${index}` }),
      NOTHING,
    );
    expect(ratios(many)).toEqual([1, 1, 1, 1, 2]);
    expect(ratioOf(many)).toBe(1);
    expect(ratioOf(NOTHING)).toBeUndefined();
  });

  it('has one place for each model, however often it is loaded', () => {
    const others = [2.5, 2.5, 2.5].reduce<Learned>(
      (learned, gib, index) => load(gib * GIB, { learned, model: `${index}` }),
      NOTHING,
    );
    const often = [3, 900, 900, 900, 900].reduce<Learned>(
      (learned, gib) => load(gib * GIB, { learned, model: 'odd' }),
      others,
    );
    expect(ratios(often)).toEqual([1, 1, 1, 2]);
  });

  it('is nothing where the engine takes most of it', () => {
    const small: Estimate = { modelBytes: GIB / 8, engineBytes: GIB, scoreBytes: 0 };
    const used = { bytes: 9 * GIB, of: 'buffers' } as const;
    expect(withLoad(NOTHING, { model: 'm', estimate: small, used })).toBe(NOTHING);
    expect(withFailure(NOTHING, small)).toBe(NOTHING);
  });

  it('is told where the fit is told', () => {
    expect(fit(2).words).toBe('needs about 2 GiB of 16 GiB here');
    expect(fit(2, load(3 * GIB))).toMatchObject({
      verdict: 'fits',
      words: 'needs about 2.4 GiB of 16 GiB here, by what loads here really took',
    });
    expect(fit(7, load(3 * GIB)).verdict).toBe('tight');
  });
});

describe('a load for which there was no memory', () => {
  const failed = (modelGib: number, learned = NOTHING): Learned =>
    withFailure(learned, { modelBytes: modelGib * GIB, engineBytes: 0, scoreBytes: 0 });

  it('stands against models of its size and above', () => {
    const learned = failed(6);
    expect(fit(5.9, learned)).toMatchObject({ verdict: 'fits', words: 'needs about 5.9 GiB of 16 GiB here' });
    expect(fit(6, learned)).toMatchObject({
      verdict: 'too-large',
      isAddressable: true,
      words: 'needs about 6 GiB of 16 GiB here; there was no memory for one of this size here',
    });
    expect(failed(7, learned)).toEqual(learned);
    expect(failed(5, learned)).toEqual(failed(5));
  });

  it('condemns nothing that is small for the device: a file may lie of what it needs', () => {
    const learned = failed(0.3);
    expect(fit(0.2, learned).verdict).toBe('fits');
    expect(fit(3.9, learned).verdict).toBe('tight');
    expect(fit(4, learned).verdict).toBe('too-large');
    expect(fit(0.9, learned, { memoryBytes: undefined }).verdict).toBe('tight');
    expect(fit(1, learned, { memoryBytes: undefined }).verdict).toBe('too-large');
  });

  it('is forgotten when one of its size was loaded after all', () => {
    expect(load(2.5 * GIB, { learned: failed(2) }).failedBytes).toBeUndefined();
    expect(load(2.5 * GIB, { learned: failed(9) }).failedBytes).toBe(9 * GIB);
    expect(withLoad(failed(2), { model: 'm', estimate })).toEqual(NOTHING);
    const tooLarge = failed(9);
    expect(withLoad(tooLarge, { model: 'm', estimate })).toBe(tooLarge);
  });
});
