import { checkKey } from "../driver/key.js";
import { InvalidArgumentError } from "../errors.js";
import { kindOf } from "../internal/describe.js";

/** Returns the distinct keys of the keys argument of a batch call, each checked. */
export function keyList<TKey extends string>(keys: Iterable<TKey>): TKey[] {
  const distinct = new Set<TKey>();
  for (const key of elements("keys", keys, "an array, a Set or another iterable of keys")) {
    checkKey(key);
    // The client's type says that its strings are keys.
    distinct.add(key as TKey);
  }
  return [...distinct];
}

/** Returns the entries of `mSet`'s argument, each key checked. Of several entries for one key, the last counts. */
export function entryList<TValue>(entries: object): Map<string, TValue> {
  const allowed = "a plain object, a Map or another iterable of [key, value] pairs";
  const pairs = isPlain(entries)
    ? read("entries", allowed, () => Object.entries(entries))
    : elements("entries", entries, allowed);
  const distinct = new Map<string, TValue>();
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new InvalidArgumentError(`an entry is ${kindOf(pair)}; allowed is a [key, value] pair`);
    }
    checkKey(pair[0]);
    distinct.set(pair[0], pair[1]);
  }
  return distinct;
}

/** Whether it is a plain object, of any realm. A promise that somebody forgot to await is not. */
function isPlain(given: unknown): given is object {
  if (typeof given !== "object" || given === null || Symbol.iterator in given) return false;
  const prototype: unknown = Object.getPrototypeOf(given);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The elements of an iterable. A string is refused although it is one: it is a single key, passed by mistake. */
function elements(what: string, given: unknown, allowed: string): readonly unknown[] {
  if (Array.isArray(given)) return given;
  if (typeof given === "object" && given !== null && Symbol.iterator in given) {
    // It has Symbol.iterator; whether that works shows when it is read.
    return read(what, allowed, () => Array.from(given as Iterable<unknown>));
  }
  throw new InvalidArgumentError(`${what} is ${kindOf(given)}; allowed is ${allowed}`);
}

/** What an iterable throws is not kept, since it may hold a value. */
function read<T>(what: string, allowed: string, list: () => T): T {
  try {
    return list();
  } catch {
    throw new InvalidArgumentError(`${what} is an object that cannot be read; allowed is ${allowed}`);
  }
}
