import { InvalidArgumentError } from "../errors.js";

/** The most seconds from now that the server takes; more would be a date. */
const LONGEST = 30 * 86_400;

/** The last date that it takes, in January 2038: what ends later it would drop at once. */
const LAST = 2 ** 31 - 1;

/** Whole seconds, and one more: the server counts by a clock that ticks once a second, which may be at once. */
function seconds(ttl: number): number {
  return Math.ceil(ttl / 1_000) + 1;
}

/**
 * Refuses what can only be too late, before anything is sent.
 *
 * @throws InvalidArgumentError when it ends past January 2038.
 */
export function checkTtl(ttl: number): void {
  if (ttl > 0 && Date.now() / 1_000 + seconds(ttl) > LAST) throw tooLate();
}

/** Whether a TTL can be sent as it is, in seconds from now. */
export function isShort(ttl: number): boolean {
  return ttl <= (LONGEST - 1) * 1_000;
}

/** The `T` of a short TTL; for 0 none, which is no TTL where something is stored. */
export function span(ttl: number): string {
  return ttl === 0 ? "" : ` T${seconds(ttl)}`;
}

/**
 * The `T` of a longer one.
 *
 * @param now - the server's own time, in seconds since the epoch.
 * @throws InvalidArgumentError when it ends past January 2038.
 */
export function dateAfter(now: number, ttl: number): string {
  const date = now + seconds(ttl);
  if (date > LAST) throw tooLate();
  return ` T${date}`;
}

/** The `T` of an item that has so many seconds left. */
export function dateOf(now: number, left: number): string {
  return ` T${now + left}`;
}

function tooLate(): InvalidArgumentError {
  return new InvalidArgumentError("the ttl ends past January 2038, which is later than Memcached can hold");
}
