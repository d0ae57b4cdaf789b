import { DriverError, type Encoded, TypeMismatchError, toBytes, toText } from "../../../src/index.js";
import type { Fault, Faults } from "./fault.js";

/** A driver that reads another value than it stored. */
function reads(otherwise: (value: Encoded) => Encoded | undefined): Fault["breaks"] {
  return (memory) => ({
    get(prefix, key) {
      const value = memory.get(prefix, key);
      return value && otherwise(value);
    },
  });
}

export const values: Faults = {
  "takes an empty value for a miss": {
    caughtBy: "values > every call returns text unchanged: the empty text",
    breaks: (memory) => ({ get: (prefix, key) => memory.get(prefix, key) || undefined }),
  },
  "strips a BOM": {
    caughtBy: "values > every call returns text unchanged: a BOM before text",
    breaks: reads((value) => new TextDecoder().decode(toBytes(value))),
  },
  "ends a value at a NUL": {
    caughtBy: "values > every call returns text unchanged: a NUL",
    breaks: reads((value) => toText(value).split("\0")[0]),
  },
  "trims values": {
    caughtBy: "values > every call returns text unchanged: white space around",
    breaks: reads((value) => toText(value).trim()),
  },
  "reads numbers as numbers": {
    caughtBy: "values > every call returns text unchanged: a number with zeros",
    breaks: reads((value) => String(Number(value) || value)),
  },
  "knows no code points beyond the first 65,536": {
    caughtBy: "values > every call returns text unchanged: emoji",
    breaks: reads((value) =>
      toText(value)
        .replace(/[\ud800-\udfff]/gu, "\ufffd")
        .replace(/[^\0-\uffff]/gu, "\ufffd"),
    ),
  },
  "normalises text": {
    caughtBy: "values > every call returns text unchanged: two normal forms",
    breaks: reads((value) => toText(value).normalize()),
  },
  "reads every value as UTF-8": {
    caughtBy: "values > every call returns bytes unchanged: bytes that are no UTF-8",
    breaks: reads((value) => Buffer.from(toBytes(value)).toString("utf8")),
  },
  "reads every value as Latin-1": {
    caughtBy: "values > text written as bytes is the same value: letters of many scripts",
    breaks: reads((value) => Buffer.from(toBytes(value)).toString("latin1")),
  },
  "loses the high bit": {
    caughtBy: "values > every call returns bytes unchanged: each of the 256 bytes",
    breaks: reads((value) => toBytes(value).map((byte) => byte & 0x7f)),
  },
  "cuts large values": {
    caughtBy: "values > a large text is returned unchanged",
    breaks: reads((value) => value.slice(0, 2 ** 16)),
  },
  "stores the whole buffer of a view": {
    caughtBy: "seam > it returns the value that was stored, in either form",
    breaks: (memory) => ({
      set: (prefix, key, value, ttl) =>
        memory.set(prefix, key, typeof value === "string" ? value : new Uint8Array(value.buffer), ttl),
    }),
  },
  "loses the last entry of an mSet": {
    caughtBy: "batch > mSet stores the last of several entries for one key",
    breaks: (memory) => ({ mSet: (prefix, entries, ttl) => memory.mSet(prefix, entries.slice(0, -1), ttl) }),
  },
  "does not let mSet write over a live key": {
    caughtBy: "batch > mSet replaces values and does not change other keys",
    breaks: (memory) => ({
      mSet(prefix, entries, ttl) {
        for (const [key, value] of entries) memory.setNX(prefix, key, value, ttl);
      },
    }),
  },
  "answers a hundred keys of an mGet": {
    caughtBy: "batch > mGet reads a thousand keys",
    breaks: (memory) => ({ mGet: (prefix, keys) => memory.mGet(prefix, keys.slice(0, 100)) }),
  },
  "answers what the store said": {
    caughtBy: "seam > it returns booleans and numbers, and not replies of the store",
    breaks: (memory) => ({ exists: (prefix, key) => Number(memory.exists(prefix, key)) as never }),
  },
  "throws an error of its own at a value that is no counter": {
    caughtBy: "counters > a word is a TypeMismatchError and leaves the value and its TTL",
    breaks: (memory) => ({
      incr(prefix, key, delta, ttl) {
        try {
          return memory.incr(prefix, key, delta, ttl);
        } catch {
          throw new DriverError("ERR value is not an integer or out of range");
        }
      },
    }),
  },
  "shares one error object among callers, with the first one's key": {
    caughtBy: "seam > its errors are namestore's own, and name no operation and no key",
    breaks: (memory) => {
      let shared: Error | undefined;
      return {
        incr(prefix, key, delta, ttl) {
          try {
            return memory.incr(prefix, key, delta, ttl);
          } catch {
            shared ??= new TypeMismatchError("no counter", { operation: "incr", key });
            throw shared;
          }
        },
      };
    },
  },
  "puts the value into an error": {
    caughtBy: "errors > no error contains a value",
    breaks: (memory) => ({
      incr(prefix, key, delta, ttl) {
        try {
          return memory.incr(prefix, key, delta, ttl);
        } catch {
          throw new TypeMismatchError(`${toText(memory.get(prefix, key) ?? "")} is no counter`);
        }
      },
    }),
  },
  "lets a call that fails take its neighbours along": {
    caughtBy: "errors > a call that fails does not make its neighbours fail",
    breaks: (memory) => {
      let failed: unknown;
      return {
        incr(prefix, key, delta, ttl) {
          if (failed !== undefined) throw failed;
          try {
            return memory.incr(prefix, key, delta, ttl);
          } catch (error) {
            failed = error;
            setImmediate(() => {
              failed = undefined;
            });
            throw error;
          }
        },
      };
    },
  },
  "works on after close": {
    caughtBy: "seam > a call after close is an UnavailableError, not applied",
    breaks: () => ({ close: () => {} }),
  },
  "closes once only": {
    caughtBy: "seam > close can be called again",
    breaks: (memory) => {
      let closed = false;
      return {
        close() {
          if (closed) throw new Error("closed already");
          closed = true;
          memory.close();
        },
      };
    },
  },
};
