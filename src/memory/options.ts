import { type Duration, milliseconds } from "../duration.js";
import { InvalidArgumentError } from "../errors.js";
import { kindOf } from "../internal/describe.js";
import { refuseUnknown } from "../internal/known-options.js";
import { LONGEST_TIMER } from "../internal/timer.js";

/** What a memory driver may be given. The object is copied, not kept. */
export interface MemoryOptions {
  /**
   * How many entries it holds at most, over all namespaces: a whole number of 1 or more. To make room for another, the
   * least recently used goes. Default: no bound.
   */
  maxEntries?: number | undefined;
  /**
   * How many bytes it holds at most, over all namespaces: a whole number of 1 or more. What counts is the UTF-8 of each
   * business key, and its value: bytes as they are, text as UTF-8. What the heap needs besides, 170 to 200 bytes an
   * entry and 16 more with a TTL, is not counted. To make room for another entry, the least recently used go. Default:
   * no bound.
   */
  maxBytes?: number | undefined;
  /**
   * How often expired entries are looked for, so that they leave memory without being touched: more than 0, and at most
   * 2^31−1 ms. One leaves within the interval, and at most a second later. The sweep works for 1 ms
   * at a time, costs by what has expired, and does not keep the process alive. Default: never; an expired entry leaves
   * when it is next touched.
   */
  sweepInterval?: Duration | undefined;
}

/** {@link MemoryOptions}, checked: what bounds nothing is infinite. */
export interface Bounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** Milliseconds; `undefined`: no sweep. */
  readonly sweepInterval: number | undefined;
}

/**
 * @returns `undefined`: no option is given.
 * @throws InvalidArgumentError that names the option.
 */
export function boundsOf(options: MemoryOptions): Bounds | undefined {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new InvalidArgumentError(
      `options is ${kindOf(options)}; allowed is an object such as { maxEntries: 10_000, sweepInterval: "10s" }`,
    );
  }
  refuseUnknown(options, ["maxEntries", "maxBytes", "sweepInterval"]);
  const { maxEntries, maxBytes, sweepInterval } = options;
  if (maxEntries === undefined && maxBytes === undefined && sweepInterval === undefined) return undefined;
  return {
    maxEntries: bound("maxEntries", maxEntries),
    maxBytes: bound("maxBytes", maxBytes),
    sweepInterval: sweepInterval === undefined ? undefined : interval(sweepInterval),
  };
}

function bound(what: string, given: number | undefined): number {
  if (given === undefined) return Number.POSITIVE_INFINITY;
  if (Number.isSafeInteger(given) && given >= 1) return given;
  const shown = typeof given === "number" ? given : kindOf(given);
  throw new InvalidArgumentError(`${what} is ${shown}; allowed is a whole number from 1 to 2^53−1`);
}

function interval(given: Duration): number {
  const span = milliseconds(given, "sweepInterval");
  if (span > 0 && span <= LONGEST_TIMER) return span;
  throw new InvalidArgumentError(
    `sweepInterval is ${span} ms; allowed are 1 to ${LONGEST_TIMER} ms, about 24 days: leave it out for no sweep`,
  );
}
