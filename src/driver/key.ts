import { InvalidKeyError, InvalidNamespaceError } from "../errors.js";
import { kindOf, quote } from "../internal/describe.js";

/** The one character that no namespace holds: this is what makes a storage key split back one way only. */
const SEPARATOR = ":";

/**
 * The prefix of a namespace, `rootNS:domain:`. A storage key is this and the business key behind it.
 *
 * @throws InvalidNamespaceError when a part is no string, empty, not well formed, or holds `:`.
 */
export function namespacePrefix(rootNS: string, domain: string): string {
  // Joined and not added up, so that it is one flat string: a store may keep many.
  return [checkName("rootNS", rootNS), checkName("domain", domain), ""].join(SEPARATOR);
}

function checkName(what: string, name: string): string {
  const allowed = `allowed is a non-empty, well-formed string without "${SEPARATOR}"`;
  if (typeof name !== "string") throw new InvalidNamespaceError(`${what} is ${kindOf(name)}; ${allowed}`);
  if (name === "" || name.includes(SEPARATOR) || !name.isWellFormed()) {
    throw new InvalidNamespaceError(`${what} is ${quote(name)}; ${allowed}`);
  }
  return name;
}

/**
 * Passes a business key, or throws.
 *
 * @throws InvalidKeyError when it is no string, empty, or not well formed (a lone surrogate would merge with
 * others in UTF-8).
 */
export function checkKey(key: unknown): asserts key is string {
  if (typeof key === "string" && key.length > 0 && key.isWellFormed()) return;
  throw new InvalidKeyError(
    `the key is ${typeof key === "string" ? quote(key) : kindOf(key)}; allowed is a non-empty, well-formed string`,
  );
}
