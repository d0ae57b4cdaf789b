import type { CallOptions } from "../driver/driver.js";
import { InvalidArgumentError } from "../errors.js";
import { kindOf } from "../internal/describe.js";
import { refuseUnknown } from "../internal/known-options.js";
import { checkObject } from "../internal/shape.js";

/**
 * Checks a call's options, and returns the part that a driver receives: `undefined` unless there is a signal.
 *
 * @throws InvalidArgumentError for an option that this operation does not have, or a bad signal.
 */
export function callOptions(options: CallOptions | undefined, operation: string): CallOptions | undefined {
  if (options === undefined) return undefined;
  checkObject("options", options, 'an object such as { ttl: "1h", signal }');
  // Inherited names are among these; `refuseUnknown` refuses the object's own only.
  for (const name in options) {
    if (name === "signal" || (name === "ttl" && WRITES.has(operation))) continue;
    refuseUnknown(options, WRITES.has(operation) ? ["ttl", "signal"] : ["signal"]);
  }
  const { signal } = options;
  if (signal === undefined) return undefined;
  if (!isAbortSignal(signal)) {
    throw new InvalidArgumentError(`signal is ${kindOf(signal)}; allowed is an AbortSignal`);
  }
  return { signal };
}

/** The operations whose calls have a `ttl`. */
const WRITES: ReadonlySet<string> = new Set([
  "set",
  "setNX",
  "mSet",
  "incr",
  "decr",
  "getSet",
  "compareAndSwap",
  "getOrSet",
]);

/** Tested by shape, since a signal of another realm is not an instance of this one's class. */
function isAbortSignal(signal: unknown): signal is AbortSignal {
  if (typeof signal !== "object" || signal === null) return false;
  const { aborted, addEventListener, removeEventListener }: Partial<AbortSignal> = signal;
  return (
    typeof aborted === "boolean" && typeof addEventListener === "function" && typeof removeEventListener === "function"
  );
}
