import { NotFoundError } from "../../../src/index.js";
import type { Faults } from "./fault.js";

export const misses: Faults = {
  "throws on a miss": {
    caughtBy: "missing > a missing key: find returns undefined",
    breaks: (memory) => ({
      get(prefix, key) {
        const value = memory.get(prefix, key);
        if (value === undefined) throw new NotFoundError("no such key");
        return value;
      },
    }),
  },
  "answers null for a miss": {
    caughtBy: "missing > a missing key: the driver returns values and throws nothing",
    breaks: (memory) => ({ get: (prefix, key) => memory.get(prefix, key) ?? (null as never) }),
  },
  "answers -2 for the TTL of a missing key": {
    caughtBy: "missing > a missing key: ttl rejects with NotFoundError",
    breaks: (memory) => ({ ttl: (prefix, key) => memory.ttl(prefix, key) ?? -2 }),
  },
  "answers true to delete of an expired key": {
    caughtBy: "missing > an expired key: delete returns false",
    breaks: (memory) => {
      const stored = new Set<string>();
      return {
        set(prefix, key, value, ttl) {
          stored.add(prefix + key);
          memory.set(prefix, key, value, ttl);
        },
        delete(prefix, key) {
          memory.delete(prefix, key);
          return stored.delete(prefix + key);
        },
      };
    },
  },
  "counts missing keys in mDel": {
    caughtBy: "missing > a missing key: mDel does not count it",
    breaks: (memory) => ({
      mDel(prefix, keys) {
        memory.mDel(prefix, keys);
        return keys.length;
      },
    }),
  },
  "leaves the misses out of mGet": {
    caughtBy: "batch > mGet returns the right value for each key, whichever keys are missing",
    breaks: (memory) => ({ mGet: (prefix, keys) => memory.mGet(prefix, keys).filter((value) => value !== undefined) }),
  },
  "never lets setNX store over an expired key": {
    caughtBy: "missing > an expired key: setNX stores it and returns true",
    breaks: (memory) => {
      const stored = new Set<string>();
      return {
        set(prefix, key, value, ttl) {
          stored.add(prefix + key);
          memory.set(prefix, key, value, ttl);
        },
        setNX: (prefix, key, value, ttl) => !stored.has(prefix + key) && memory.setNX(prefix, key, value, ttl),
      };
    },
  },
  "lists expired keys": {
    caughtBy: "missing > an expired key: keys does not list it",
    breaks: (memory) => {
      const stored = new Map<string, Set<string>>();
      return {
        set(prefix, key, value, ttl) {
          stored.set(prefix, (stored.get(prefix) ?? new Set()).add(key));
          memory.set(prefix, key, value, ttl);
        },
        async *scan(prefix) {
          yield [...(stored.get(prefix) ?? [])];
        },
      };
    },
  },
  "creates a key by expire": {
    caughtBy: "missing > a missing key: expire rejects with NotFoundError and creates nothing",
    breaks: (memory) => ({
      expire(prefix, key, ttl) {
        const live = memory.expire(prefix, key, ttl);
        if (!live) memory.set(prefix, key, "", ttl);
        return live;
      },
    }),
  },
  "takes a missing key for an empty value in compareAndSwap": {
    caughtBy: "missing > a missing key: compareAndSwap does not treat it as an empty value",
    breaks: (memory) => ({
      compareAndSwap(prefix, key, oldValue, newValue, ttl, keep) {
        if (oldValue === "") memory.setNX(prefix, key, "", 0);
        return memory.compareAndSwap(prefix, key, oldValue, newValue, ttl, keep);
      },
    }),
  },
  "counts a new counter and does not store it": {
    caughtBy: "missing > a missing key: incr starts at 0",
    breaks: (memory) => ({
      incr: (prefix, key, delta, ttl) => (memory.exists(prefix, key) ? memory.incr(prefix, key, delta, ttl) : delta),
    }),
  },
};
