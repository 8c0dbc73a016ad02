/** Owns how a number of bytes reads; the product is in English. */
const ONE_DECIMAL = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 });
const SIZE_STEP = 1024;
const SIZE_UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** "2.1 GiB". */
export function formatBytes(sizeBytes: number): string {
  let size = sizeBytes;
  let unit = 0;
  while (size >= SIZE_STEP && unit < SIZE_UNITS.length - 1) {
    size /= SIZE_STEP;
    unit += 1;
  }
  return `${ONE_DECIMAL.format(size)} ${SIZE_UNITS[unit] ?? ''}`;
}
