import { InvalidKeyError, InvalidNamespaceError } from "../errors.js";
import { kindOf, quote } from "../internal/describe.js";

/**
 * Returns the prefix of a namespace, `rootNS:domain:`. A storage key is this prefix followed by the business key.
 *
 * @throws InvalidNamespaceError when a name is not a string, is empty, is not well formed, or contains `:`.
 */
export function namespacePrefix(rootNS: string, domain: string): string {
  // `join` makes one flat string, where `+` makes a tree of parts: a store may keep many prefixes.
  return [checkName("rootNS", rootNS), checkName("domain", domain), ""].join(SEPARATOR);
}

/** The one character that no name contains, so that a storage key splits in one way only. */
const SEPARATOR = ":";

function checkName(what: string, name: string): string {
  const allowed = `allowed is a non-empty, well-formed string without "${SEPARATOR}"`;
  if (typeof name !== "string") throw new InvalidNamespaceError(`${what} is ${kindOf(name)}; ${allowed}`);
  if (name === "" || name.includes(SEPARATOR) || !name.isWellFormed()) {
    throw new InvalidNamespaceError(`${what} is ${quote(name)}; ${allowed}`);
  }
  return name;
}

/**
 * Checks a business key.
 *
 * @throws InvalidKeyError when it is not a string, is empty, or is not well formed (in UTF-8 all lone surrogates become
 * one character).
 */
export function checkKey(key: unknown): asserts key is string {
  if (typeof key === "string" && key.length > 0 && key.isWellFormed()) return;
  throw new InvalidKeyError(
    `the key is ${typeof key === "string" ? quote(key) : kindOf(key)}; allowed is a non-empty, well-formed string`,
  );
}
