// Numbers on the command line: decimal, whole (or with a unit), and within a range that the message names.
import { UsageError } from "./usage-error.js";

/** A parser of whole numbers from `min` to `max` for an option. */
export function wholeNumber(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max))
      throw new UsageError(`${option}: ${JSON.stringify(text)} is not a whole number from ${min} to ${max}`);
    return value;
  };
}

/** A parser of numbers like `2` or `1.5` from `min` to `max` for an option. */
export function decimalNumber(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max))
      throw new UsageError(`${option}: ${JSON.stringify(text)} is not a number from ${min} to ${max}`);
    return value;
  };
}

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/** A duration in seconds: `90`, `1.5`, `500ms`, `2m`, `1h`. */
export function duration(option: string): (text: string) => number {
  return (text) => {
    const match = /^(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h)?$/.exec(text);
    const seconds = Number(match?.[1]) * (DURATION_UNITS[match?.[2] ?? "s"] ?? Number.NaN);
    if (!(seconds > 0))
      throw new UsageError(
        `${option}: ${JSON.stringify(text)} is not a duration like 90, 500ms, 30s, 2m or 1h`,
      );
    return seconds;
  };
}

const SIZE_UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** A size in bytes: `65536`, `512K`, `8M`, `1G`. */
export function size(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const match = /^(\d{1,12})([KMG])?$/.exec(text);
    const bytes = Number(match?.[1]) * (SIZE_UNITS[match?.[2] ?? ""] ?? 1);
    if (!(bytes >= min && bytes <= max))
      throw new UsageError(
        `${option}: ${JSON.stringify(text)} is not a size from ${min} to ${max} bytes, like 512K or 8M`,
      );
    return bytes;
  };
}
