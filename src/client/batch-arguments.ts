import { checkKey } from "../driver/key.js";
import { InvalidArgumentError } from "../errors.js";
import { kindOf } from "../internal/describe.js";

/** The distinct keys of a list, each checked. */
export function keyList(keys: unknown): string[] {
  const distinct = new Set<string>();
  for (const key of elements("keys", keys, "an array, a Set or another iterable of keys")) {
    checkKey(key);
    distinct.add(key);
  }
  return [...distinct];
}

/** The entries of a list of pairs or of a plain object, each key checked and once: of two entries for one, the last. */
export function entryList(entries: unknown): Map<string, unknown> {
  const allowed = "a plain object, a Map or another iterable of [key, value] pairs";
  const pairs = isPlain(entries)
    ? read("entries", allowed, () => Object.entries(entries))
    : elements("entries", entries, allowed);
  const distinct = new Map<string, unknown>();
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new InvalidArgumentError(`an entry is ${kindOf(pair)}; allowed is a [key, value] pair`);
    }
    checkKey(pair[0]);
    distinct.set(pair[0], pair[1]);
  }
  return distinct;
}

/** Whether it is an object literal or the like, of any realm: a promise that nobody awaited is none. */
function isPlain(given: unknown): given is object {
  if (typeof given !== "object" || given === null || Symbol.iterator in given) return false;
  const prototype: unknown = Object.getPrototypeOf(given);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** What a list holds. A string is refused though it iterates: it is a key given in the place of a list. */
function elements(what: string, given: unknown, allowed: string): readonly unknown[] {
  if (Array.isArray(given)) return given;
  if (typeof given === "object" && given !== null && Symbol.iterator in given) {
    return read(what, allowed, () => Array.from(given as Iterable<unknown>));
  }
  throw new InvalidArgumentError(`${what} is ${kindOf(given)}; allowed is ${allowed}`);
}

/** What was thrown by a list that cannot be read is not kept: it may hold a value. */
function read<T>(what: string, allowed: string, list: () => T): T {
  try {
    return list();
  } catch {
    throw new InvalidArgumentError(`${what} is an object that cannot be read; allowed is ${allowed}`);
  }
}
