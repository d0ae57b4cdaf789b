import { type Duration, milliseconds } from "../duration.js";
import { InvalidArgumentError } from "../errors.js";
import { kindOf } from "../internal/describe.js";
import { refuseUnknown } from "../internal/known-options.js";
import { LONGEST_TIMER } from "../internal/timer.js";

/** The options of a `MemoryDriver`. It copies them: changing the object later has no effect. */
export interface MemoryOptions {
  /**
   * The most entries that the driver holds, over all namespaces: a whole number of 1 or more. The least recently used
   * entry is evicted to make room for another. Default: no bound.
   */
  maxEntries?: number | undefined;
  /**
   * The most bytes that the driver holds, over all namespaces: a whole number of 1 or more. It counts each business key
   * as UTF-8, plus its value: bytes as they are, a string as UTF-8. It does not count what the heap needs besides, 170 to
   * 200 bytes an entry and 16 more with a TTL. The least recently used entries are evicted to make room for another.
   * Default: no bound.
   */
  maxBytes?: number | undefined;
  /**
   * How often expired entries are removed: more than 0 and at most 2^31−1 ms. An expired entry is removed within the
   * interval and one more second. The sweep works for 1 ms at a time, its cost depends on the number of expired entries
   * alone, and it does not keep the process alive. Default: no sweep. Then an expired entry is removed when a call
   * meets it; a driver without any option also removes expired entries, a few at a time, with each write that has a TTL.
   */
  sweepInterval?: Duration | undefined;
}

/** The checked {@link MemoryOptions}. */
export interface CheckedMemoryOptions {
  /** `Infinity` is no bound. */
  readonly maxEntries: number;
  /** `Infinity` is no bound. */
  readonly maxBytes: number;
  /** Milliseconds; `undefined` is no sweep. */
  readonly sweepInterval: number | undefined;
}

const NAMES = Object.keys({
  maxEntries: true,
  maxBytes: true,
  sweepInterval: true,
} satisfies Record<keyof MemoryOptions, true>);

/**
 * Checks the options of a memory driver.
 *
 * @returns `undefined` where no option is set.
 * @throws InvalidArgumentError that names the option.
 */
export function checkMemoryOptions(options: MemoryOptions): CheckedMemoryOptions | undefined {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new InvalidArgumentError(
      `options is ${kindOf(options)}; allowed is an object such as { maxEntries: 10_000, sweepInterval: "10s" }`,
    );
  }
  refuseUnknown(options, NAMES);
  const { maxEntries, maxBytes, sweepInterval } = options;
  if (maxEntries === undefined && maxBytes === undefined && sweepInterval === undefined) return undefined;
  return {
    maxEntries: checkBound("maxEntries", maxEntries),
    maxBytes: checkBound("maxBytes", maxBytes),
    sweepInterval:
      sweepInterval === undefined
        ? undefined
        : milliseconds(sweepInterval, "sweepInterval (omit it for no sweep)", LONGEST_TIMER, 1),
  };
}

function checkBound(name: string, bound: number | undefined): number {
  if (bound === undefined) return Number.POSITIVE_INFINITY;
  if (Number.isSafeInteger(bound) && bound >= 1) return bound;
  const shown = typeof bound === "number" ? bound : kindOf(bound);
  throw new InvalidArgumentError(`${name} is ${shown}; allowed is a whole number from 1 to 2^53−1`);
}
