import { describe, expect, it } from 'vitest';
import { formatBytes, formatDay, formatProgress, formatRate } from './format.ts';

const at = (day: number, hour: number) => new Date(2026, 10, day, hour).getTime();

describe('formats', () => {
  it.each([
    [0, '0 bytes'],
    [1023, '1,023 bytes'],
    [1536, '1.5 KiB'],
    [491_400_032, '468.6 MiB'],
    [2 ** 60, '1,048,576 TiB'],
  ])('%d bytes as %s', (size, text) => {
    expect(formatBytes(size)).toBe(text);
  });

  it.each([
    [{ what: 'x', done: 3, total: 9, unit: 'steps' } as const, '3 of 9 steps'],
    [{ what: 'x', done: 1024, total: 2048, unit: 'bytes' } as const, '1 KiB of 2 KiB'],
    [{ what: 'x', done: 12, total: 0, unit: 'tokens' } as const, '12 tokens'],
  ])('progress %j as %s', (progress, text) => {
    expect(formatProgress(progress)).toBe(text);
  });

  it('a rate with one decimal', () => {
    expect(formatRate(14.26)).toBe('14.3 tokens/s');
  });

  it.each([
    [at(24, 0), /^Today$/],
    [at(23, 23), /^Yesterday$/],
    // Versions of ICU differ in the comma.
    [at(22, 12), /^Sunday,? 22 November 2026$/],
  ])('a day as people say it', (atMs, text) => {
    expect(formatDay(atMs, at(24, 23))).toMatch(text);
  });
});
