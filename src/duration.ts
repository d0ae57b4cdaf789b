import { InvalidArgumentError } from "./errors.js";
import { kindOf, quote } from "./internal/describe.js";

/**
 * A span of time: milliseconds, or a number with a unit, one of `ms`, `s`, `m`, `h`, `d`, `w`.
 * A fraction of a millisecond rounds up; at most 100 years.
 *
 * @example
 * ```ts
 * await sessions.set(id, session, { ttl: "30m" });
 * await sessions.set(id, session, { ttl: 1_800_000 }); // the same
 * ```
 */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d" | "w"}`;

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** 100 years of 365.25 days. */
const LONGEST = 36_525 * 86_400_000;

/** Longer texts are refused unread: no duration needs as many digits. */
const LONGEST_TEXT = 40;

const FORM = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?(ms|[smhdw])$/;

const ALLOWED =
  'allowed are 0 to 100 years, as milliseconds or a text such as "250ms", "30s", "15m", "1h", "7d" or "2w"';

/**
 * Whole milliseconds of a duration, rounded up.
 *
 * @param what - names the argument in the error, such as `"ttl"`.
 * @throws InvalidArgumentError when it is malformed, negative, not finite or longer than 100 years.
 */
export function milliseconds(duration: Duration, what: string): number {
  const given = typeof duration === "string" ? parse(duration) : duration;
  if (typeof given === "number" && given >= 0 && given <= LONGEST) return Math.ceil(given) + 0;
  const shown =
    typeof duration === "string" ? quote(duration) : typeof duration === "number" ? String(duration) : kindOf(duration);
  throw new InvalidArgumentError(`${what} is ${shown}; ${ALLOWED}`);
}

/** Texts parsed before: a program has few, and to parse one costs more than to store a value (550 ns against 20). */
const parsed = new Map<string, number>();
const PARSED_LIMIT = 100;

function parse(text: string): number {
  let span = parsed.get(text);
  if (span === undefined) {
    span = text.length <= LONGEST_TEXT ? parseAnew(text) : Number.NaN;
    if (Number.isNaN(span)) return span;
    if (parsed.size >= PARSED_LIMIT) parsed.clear();
    parsed.set(text, span);
  }
  return span;
}

/** Exact, since a product of doubles may lie beside the whole number that was meant; NaN when malformed. */
function parseAnew(text: string): number {
  const form = FORM.exec(text);
  if (form === null) return Number.NaN;
  const [, sign, whole = "", fraction = "", exponent = "0", unit] = form;
  const digits = BigInt(whole + fraction) * BigInt(UNITS[unit as keyof typeof UNITS]);
  const places = fraction.length - Number(exponent);
  if (digits === 0n) return 0;
  if (sign === "-" || places < -LONGEST_TEXT) return Number.NaN;
  // So many places make less than a millisecond of the largest number, which rounds up to one.
  if (places > 2 * LONGEST_TEXT) return 1;
  const divisor = 10n ** BigInt(Math.max(0, places));
  return Number((digits * 10n ** BigInt(Math.max(0, -places)) + divisor - 1n) / divisor);
}
