import { InvalidArgumentError } from "../errors.js";
import { kindOf } from "./describe.js";
import { isPromise } from "./promise.js";

/** @throws InvalidArgumentError when it is not an object, or is an array. */
export function checkObject(what: string, given: unknown, allowed: string): void {
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return;
  throw new InvalidArgumentError(`${what} is ${kindOf(given)}; allowed is ${allowed}`);
}

/**
 * @param allowed - says in the error what is allowed. Default: an object with these methods.
 * @throws InvalidArgumentError when it lacks one of these methods.
 */
export function checkMethods(
  what: string,
  given: unknown,
  methods: readonly string[],
  allowed = `an object with ${methods.join(", ")}`,
): void {
  // Any value can be asked for a property this way, and a function may have methods too.
  const members = given as Readonly<Record<string, unknown>> | null | undefined;
  const missing = methods.find((method) => typeof members?.[method] !== "function");
  if (missing === undefined) return;
  if (isPromise(given)) throw new InvalidArgumentError(`${what} is a promise; await it`);
  const lack = typeof given === "object" && given !== null ? ` without the method ${missing}` : "";
  throw new InvalidArgumentError(`${what} is ${kindOf(given)}${lack}; allowed is ${allowed}`);
}
