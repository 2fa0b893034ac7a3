// Sizes as everywhere: 212 and "MB", three digits at most.
const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

export function scaled(bytes) {
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return [String(Number(value.toFixed(digits))), UNITS[unit]];
}

export const size = (bytes) => scaled(bytes).join(" ");
