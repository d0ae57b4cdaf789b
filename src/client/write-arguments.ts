import { type Duration, milliseconds } from "../duration.js";
import { InvalidArgumentError } from "../errors.js";
import { kindOf } from "../internal/describe.js";
import type { WriteOptions } from "./options.js";

/**
 * The TTL of a write in milliseconds: that of the options, else the default.
 *
 * @throws InvalidArgumentError for a bad TTL.
 */
export function ttlOf(options: WriteOptions | undefined, byDefault: number): number {
  const ttl = options?.ttl;
  return ttl === undefined ? byDefault : milliseconds(ttl, "ttl");
}

/**
 * The TTL of `expire` in milliseconds.
 *
 * @throws InvalidArgumentError for a bad TTL, and for 0.
 */
export function newTtl(ttl: Duration): number {
  return milliseconds(ttl, "ttl (persist removes it)", undefined, 1);
}

/**
 * The delta of a counter call; never -0.
 *
 * @throws InvalidArgumentError when it is not a safe integer.
 */
export function checkedDelta(delta: number): number {
  if (Number.isSafeInteger(delta)) return delta + 0;
  const given = typeof delta === "number" ? String(delta) : kindOf(delta);
  throw new InvalidArgumentError(`delta is ${given}; allowed is a safe integer, within ±(2^53−1)`);
}
