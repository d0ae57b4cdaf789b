import { InvalidArgumentError } from "../errors.js";
import { kindOf } from "../internal/describe.js";

/** @throws InvalidArgumentError when it is not an object, or is an array. */
export function checkObject(what: string, given: unknown, allowed: string): void {
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return;
  throw new InvalidArgumentError(`${what} is ${kindOf(given)}; allowed is ${allowed}`);
}

/** @throws InvalidArgumentError when it lacks one of these methods. */
export function checkMethods(what: string, given: unknown, methods: readonly string[]): void {
  // Any value can be asked for a property this way, and a function may have methods too.
  const members = given as Readonly<Record<string, unknown>> | null | undefined;
  const missing = methods.find((method) => typeof members?.[method] !== "function");
  if (missing === undefined) return;
  const allowed = `allowed is an object with ${methods.join(", ")}`;
  if (typeof given !== "object" || given === null) {
    throw new InvalidArgumentError(`${what} is ${kindOf(given)}; ${allowed}`);
  }
  throw new InvalidArgumentError(`${what} is ${kindOf(given)} without the method ${missing}; ${allowed}`);
}
