/** Owns how numbers, sizes and times read; the page is in English, so its dates are too. */
import { formatBytes } from '../../../shared/format-bytes.ts';
import type { Progress } from '../../node/view.ts';

export { formatBytes };

const LOCALE = 'en-GB';
const COUNT = new Intl.NumberFormat(LOCALE);
const WHOLE = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const ONE_DECIMAL = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });
const TIME = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' });
const MOMENT = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'full', timeStyle: 'medium' });
const DAY = new Intl.DateTimeFormat(LOCALE, {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});

export function formatCount(count: number): string {
  return COUNT.format(count);
}

/** "12 of 300 tokens"; without a total while that is unknown. */
export function formatProgress({ done, total, unit }: Progress): string {
  const format = unit === 'bytes' ? formatBytes : formatCount;
  const noun = unit === 'bytes' ? '' : ` ${unit}`;
  return total > 0 ? `${format(done)} of ${format(total)}${noun}` : `${format(done)}${noun}`;
}

export function formatRate(tokensPerSecond: number): string {
  const format = tokensPerSecond < 100 ? ONE_DECIMAL : WHOLE;
  return `${format.format(tokensPerSecond)} tokens/s`;
}

/** "less than a minute", "5 min", "2 h 10 min". */
export function formatDuration(durationMs: number): string {
  const minutes = Math.ceil(durationMs / 60_000);
  if (minutes <= 1) return 'less than a minute';
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function formatTime(atMs: number): string {
  return TIME.format(atMs);
}

/** Day and time, for who wants to know exactly. */
export function formatMoment(atMs: number): string {
  return MOMENT.format(atMs);
}

/** "Today", "Yesterday", else the date. */
export function formatDay(atMs: number, nowMs: number): string {
  const day = DAY.format(atMs);
  if (day === DAY.format(nowMs)) return 'Today';
  const yesterday = new Date(nowMs);
  yesterday.setDate(yesterday.getDate() - 1);
  return day === DAY.format(yesterday) ? 'Yesterday' : day;
}
