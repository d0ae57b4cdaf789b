import { InvalidArgumentError } from "../errors.js";
import { kindOf } from "../internal/describe.js";
import { checkMethods } from "../internal/shape.js";
import type { Driver } from "./driver.js";
import type { RequiredDriverMethod } from "./driver-method.js";

/**
 * Checks that what was passed in as a driver has the methods and the name of one.
 *
 * @param what - names the argument in the error, such as `"driver"`.
 * @throws InvalidArgumentError that says what was given.
 */
export function checkDriver(what: string, driver: Driver): void {
  checkMethods(what, driver, REQUIRED_METHODS);
  const name: unknown = driver.name;
  if (typeof name === "string" && name !== "") return;
  throw new InvalidArgumentError(`${what}.name is ${name === "" ? '""' : kindOf(name)}; allowed is a non-empty string`);
}

const REQUIRED_METHODS = Object.keys({
  get: true,
  set: true,
  setNX: true,
  delete: true,
  exists: true,
  mGet: true,
  mSet: true,
  mDel: true,
  ttl: true,
  expire: true,
  persist: true,
  incr: true,
  getSet: true,
  compareAndSwap: true,
  compareAndDelete: true,
  scan: true,
  clear: true,
} satisfies Record<RequiredDriverMethod, true>);
