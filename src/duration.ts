import { InvalidArgumentError } from "./errors.js";
import { kindOf, quote } from "./internal/describe.js";

/**
 * A span of time of up to 100 years: a number of milliseconds, or a string of a number and a unit: `ms`, `s`, `m`, `h`,
 * `d` or `w`. A fraction of a millisecond is rounded up.
 *
 * @example
 * ```ts
 * await sessions.set(id, session, { ttl: "30m" });
 * await sessions.set(id, session, { ttl: 1_800_000 }); // the same
 * ```
 */
// Not the union itself: the compiler would show an error's reader the name `Duration` instead of the forms.
export type Duration = [number | `${number}${"ms" | "s" | "m" | "h" | "d" | "w"}`][0];

/**
 * Converts a duration to whole milliseconds, rounded up.
 *
 * @param what - names the argument in the error, such as `"ttl"`.
 * @param longest - the longest that is allowed, a whole number of milliseconds. Default: 100 years.
 * @param shortest - 1 where a duration of 0 is not allowed. Default: 0.
 * @throws InvalidArgumentError when it is malformed, negative, not finite, or not within these bounds.
 */
export function milliseconds(duration: Duration, what: string, longest = LONGEST, shortest: 0 | 1 = 0): number {
  const exact = typeof duration === "string" ? parse(duration) : duration;
  if (typeof exact === "number" && exact >= 0 && exact <= longest) {
    // Adding 0 turns -0 into 0.
    const rounded = Math.ceil(exact) + 0;
    if (rounded >= shortest) return rounded;
  }
  const shown =
    typeof duration === "string" ? quote(duration) : typeof duration === "number" ? String(duration) : kindOf(duration);
  const upTo = longest === LONGEST ? "100 years" : `${longest} ms (about ${Math.round(longest / UNITS.d)} days)`;
  throw new InvalidArgumentError(
    `${what} is ${shown}; allowed are ${shortest === 0 ? "0" : "1 ms"} to ${upTo}, ${FORMS}`,
  );
}

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** 100 years of 365.25 days. */
const LONGEST = 36_525 * 86_400_000;

/** Longer strings are refused without parsing them: no duration needs so many digits. */
const LONGEST_STRING = 40;

const FORM = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?(ms|[smhdw])$/;

const FORMS = 'as milliseconds or a string such as "250ms", "30s", "15m", "1h", "7d" or "2w"';

/** Strings that were parsed before. A program uses few, and parsing takes longer than storing a value (550 ns, 20 ns). */
const parsed = new Map<string, number>();
const PARSED_LIMIT = 100;

function parse(text: string): number {
  let result = parsed.get(text);
  if (result === undefined) {
    result = text.length <= LONGEST_STRING ? parseUncached(text) : Number.NaN;
    if (Number.isNaN(result)) return result;
    if (parsed.size >= PARSED_LIMIT) parsed.clear();
    parsed.set(text, result);
  }
  return result;
}

/** Parses with exact arithmetic, since a product of doubles may miss the whole number. Returns NaN when malformed. */
function parseUncached(text: string): number {
  const form = FORM.exec(text);
  if (form === null) return Number.NaN;
  const [, sign, whole = "", fraction = "", exponent = "0", unit] = form;
  // FORM admits only these units.
  const digits = BigInt(whole + fraction) * BigInt(UNITS[unit as keyof typeof UNITS]);
  const places = fraction.length - Number(exponent);
  if (digits === 0n) return 0;
  if (sign === "-" || places < -LONGEST_STRING) return Number.NaN;
  // With so many decimal places, even the largest number is less than a millisecond, which is rounded up to one.
  if (places > 2 * LONGEST_STRING) return 1;
  const divisor = 10n ** BigInt(Math.max(0, places));
  return Number((digits * 10n ** BigInt(Math.max(0, -places)) + divisor - 1n) / divisor);
}
