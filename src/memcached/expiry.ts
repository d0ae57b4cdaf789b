import { InvalidArgumentError } from "../errors.js";

/**
 * The `T` flag of a short TTL: seconds from now. The flag is empty for 0, which means no TTL where a value is stored.
 */
export function relativeTtlFlag(ttl: number): string {
  return ttl === 0 ? "" : ` T${secondsOf(ttl)}`;
}

/** Whether a TTL can be sent as seconds from now. A longer one is sent as a date, by the server's own clock. */
export function isShortTtl(ttl: number): boolean {
  return ttl <= (LONGEST_RELATIVE - 1) * 1_000;
}

/**
 * The `T` flag of a long TTL: a date.
 *
 * @param now - the server's time, in seconds since the epoch.
 * @throws InvalidArgumentError when it ends after January 2038.
 */
export function absoluteTtlFlag(now: number, ttl: number): string {
  const date = now + secondsOf(ttl);
  if (date > LAST_DATE) throw tooLate();
  return ` T${date}`;
}

/** The `T` flag that keeps the TTL of an item with so many seconds left, as the date on which it ends. */
export function remainingTtlFlag(now: number, secondsLeft: number): string {
  return ` T${now + secondsLeft}`;
}

/**
 * Refuses a TTL that is certainly too long, before anything is sent.
 *
 * @throws InvalidArgumentError when it ends after January 2038.
 */
export function checkTtl(ttl: number): void {
  if (ttl > 0 && Date.now() / 1_000 + secondsOf(ttl) > LAST_DATE) throw tooLate();
}

/** The most seconds from now that the server takes; it reads a larger number as a date. */
const LONGEST_RELATIVE = 30 * 86_400;

/** The last date that the server takes, in January 2038. It would drop an item with a later one at once. */
const LAST_DATE = 2 ** 31 - 1;

/** Whole seconds and one more: the server's clock ticks once a second, and the next tick may come at once. */
function secondsOf(ttl: number): number {
  return Math.ceil(ttl / 1_000) + 1;
}

function tooLate(): InvalidArgumentError {
  return new InvalidArgumentError("the ttl ends after January 2038, which is later than Memcached can store");
}
