import type { CallOptions } from "../driver/driver.js";
import { InvalidArgumentError } from "../errors.js";
import { kindOf } from "../internal/describe.js";
import { checkObject } from "./shape.js";

/** Checks a call's options, and returns the part that a driver receives: `undefined` unless there is a signal. */
export function callOptions(options: CallOptions | undefined): CallOptions | undefined {
  if (options === undefined) return undefined;
  checkObject("options", options, 'an object such as { ttl: "1h", signal }');
  const { signal } = options;
  if (signal === undefined) return undefined;
  if (!isAbortSignal(signal)) {
    throw new InvalidArgumentError(`signal is ${kindOf(signal)}; allowed is an AbortSignal`);
  }
  return { signal };
}

/** Tested by shape, since a signal of another realm is not an instance of this one's class. */
function isAbortSignal(signal: unknown): signal is AbortSignal {
  if (typeof signal !== "object" || signal === null) return false;
  const { aborted, addEventListener, removeEventListener }: Partial<AbortSignal> = signal;
  return (
    typeof aborted === "boolean" && typeof addEventListener === "function" && typeof removeEventListener === "function"
  );
}
