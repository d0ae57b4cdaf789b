import { type Duration, milliseconds } from "../duration.js";
import { InvalidArgumentError } from "../errors.js";
import { kindOf } from "../internal/describe.js";
import { LONGEST_TIMER } from "../internal/timer.js";

/** How long a network driver waits for a reply, and how many calls may wait at once. */
export interface CallLimits {
  /** Milliseconds. */
  readonly timeout: number;
  readonly maxPending: number;
}

/** The limits of a driver with connections of its own. */
export interface ConnectionLimits extends CallLimits {
  /** How long connecting may fail until calls fail at once, in milliseconds; infinite for never. */
  readonly failFastAfter: number;
}

/** @throws InvalidArgumentError when a limit is out of range. */
export function connectionLimitsOf(options: {
  readonly timeout?: Duration | undefined;
  readonly maxPending?: number | undefined;
  readonly failFastAfter?: Duration | false | undefined;
}): ConnectionLimits {
  const limits = callLimitsOf(options);
  const { failFastAfter = limits.timeout } = options;
  return {
    ...limits,
    failFastAfter:
      failFastAfter === false ? Number.POSITIVE_INFINITY : milliseconds(failFastAfter, "failFastAfter (false: never)"),
  };
}

/** @throws InvalidArgumentError when a limit is out of range. */
export function callLimitsOf({
  timeout: given = 5_000,
  maxPending = 50_000,
}: {
  readonly timeout?: Duration | undefined;
  readonly maxPending?: number | undefined;
}): CallLimits {
  const timeout = milliseconds(given, "timeout", LONGEST_TIMER);
  if (timeout === 0) throw new InvalidArgumentError("timeout is 0; allowed is more than 0");
  if (!Number.isSafeInteger(maxPending) || maxPending < 1) {
    const shown = typeof maxPending === "number" ? String(maxPending) : kindOf(maxPending);
    throw new InvalidArgumentError(`maxPending is ${shown}; allowed is a whole number of 1 or more`);
  }
  return { timeout, maxPending };
}
