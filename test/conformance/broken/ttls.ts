import type { Faults } from "./fault.js";

export const ttls: Faults = {
  "takes milliseconds for seconds": {
    caughtBy: "ttl > set of a missing key, setting a TTL, leaves the new TTL",
    breaks: (memory) => ({ set: (prefix, key, value, ttl) => memory.set(prefix, key, value, ttl * 1_000) }),
  },
  "answers TTLs in whole seconds": {
    caughtBy: "ttl > ttl counts down, and never faster than the clock",
    breaks: (memory) => ({
      ttl(prefix, key) {
        const left = memory.ttl(prefix, key);
        return left === undefined || left < 0 ? left : Math.floor(left / 1_000) * 1_000;
      },
    }),
  },
  "keeps TTLs in 31 bits": {
    caughtBy: "ttl > a TTL may be longer than the longest timer of Node",
    breaks: (memory) => ({ set: (prefix, key, value, ttl) => memory.set(prefix, key, value, ttl % 2 ** 31) }),
  },
  "expires early": {
    caughtBy: "expiry > a key is never missing before its TTL ends: set by set",
    breaks: (memory) => ({ set: (prefix, key, value, ttl) => memory.set(prefix, key, value, ttl / 20) }),
  },
  "expires late": {
    caughtBy: "expiry > a key is missing once its TTL has ended: set by set",
    breaks: (memory) => ({ set: (prefix, key, value, ttl) => memory.set(prefix, key, value, ttl && ttl + 5_000) }),
  },
  "keeps the old TTL on set": {
    caughtBy: "ttl > set of a key with a TTL, setting no TTL, leaves no TTL",
    breaks: (memory) => ({
      set(prefix, key, value, ttl) {
        memory.getSet(prefix, key, value, ttl, ttl === 0);
      },
    }),
  },
  "gives no TTL by mSet": {
    caughtBy: "ttl > mSet gives every key the TTL",
    breaks: (memory) => ({ mSet: (prefix, entries) => memory.mSet(prefix, entries, 0) }),
  },
  "gives the TTL to the first key of mSet only": {
    caughtBy: "ttl > mSet gives every key the TTL",
    breaks: (memory) => ({
      mSet(prefix, entries, ttl) {
        memory.mSet(prefix, entries, 0);
        if (ttl > 0) memory.expire(prefix, entries[0]?.[0] ?? "", ttl);
      },
    }),
  },
  "gives the TTL to a live key by setNX": {
    caughtBy: "ttl > setNX of a key with a TTL, setting a TTL, leaves the old TTL",
    breaks: (memory) => ({
      setNX(prefix, key, value, ttl) {
        if (ttl > 0) memory.expire(prefix, key, ttl);
        return memory.setNX(prefix, key, value, ttl);
      },
    }),
  },
  "drops the TTL on getSet": {
    caughtBy: "ttl > getSet of a key with a TTL, setting no TTL, leaves the old TTL",
    breaks: (memory) => ({ getSet: (prefix, key, value, ttl) => memory.getSet(prefix, key, value, ttl, false) }),
  },
  "keeps the TTL on getSet though one is named": {
    caughtBy: "ttl > getSet of a key with a TTL, setting a TTL, leaves the new TTL",
    breaks: (memory) => ({ getSet: (prefix, key, value, ttl) => memory.getSet(prefix, key, value, ttl, true) }),
  },
  "drops the TTL on compareAndSwap": {
    caughtBy: "ttl > compareAndSwap of a key with a TTL, setting no TTL, leaves the old TTL",
    breaks: (memory) => ({
      compareAndSwap: (prefix, key, oldValue, newValue, ttl) =>
        memory.compareAndSwap(prefix, key, oldValue, newValue, ttl, false),
    }),
  },
  "changes the TTL by a compareAndSwap that answers false": {
    caughtBy: "ttl > a compareAndSwap that returns false keeps the TTL",
    breaks: (memory) => ({
      compareAndSwap(prefix, key, oldValue, newValue, ttl, keep) {
        if (!keep) memory.expire(prefix, key, ttl);
        return memory.compareAndSwap(prefix, key, oldValue, newValue, ttl, keep);
      },
    }),
  },
  "forgets the TTL on incr": {
    caughtBy: "ttl > incr of a key with a TTL, setting no TTL, leaves the old TTL",
    breaks: (memory) => ({
      incr(prefix, key, delta, ttl) {
        const sum = memory.incr(prefix, key, delta, ttl);
        memory.persist(prefix, key);
        return sum;
      },
    }),
  },
  "gives the TTL to a live counter": {
    caughtBy: "ttl > incr of a key with a TTL, setting a TTL, leaves the old TTL",
    breaks: (memory) => ({
      incr(prefix, key, delta, ttl) {
        const sum = memory.incr(prefix, key, delta, ttl);
        if (ttl > 0) memory.expire(prefix, key, ttl);
        return sum;
      },
    }),
  },
  "stores the minutes that a counter has left, rounded up, at each incr": {
    caughtBy: "expiry > a counter expires no matter how often it is incremented",
    breaks: (memory) => ({
      incr(prefix, key, delta, ttl) {
        const sum = memory.incr(prefix, key, delta, ttl);
        const left = memory.ttl(prefix, key) ?? 0;
        if (left > 0) memory.expire(prefix, key, Math.ceil(left / 60_000) * 60_000);
        return sum;
      },
    }),
  },
  "remembers the TTL of a deleted key": {
    caughtBy: "ttl > a deleted key has no TTL when it is stored again",
    breaks: (memory) => {
      const left = new Map<string, number>();
      return {
        delete(prefix, key) {
          left.set(prefix + key, memory.ttl(prefix, key) ?? 0);
          return memory.delete(prefix, key);
        },
        getSet: (prefix, key, value, ttl, keep) =>
          memory.getSet(prefix, key, value, ttl || (left.get(prefix + key) ?? 0), keep),
      };
    },
  },
  "answers false to persist of a key without a TTL": {
    caughtBy: "ttl > persist of a key without a TTL resolves",
    breaks: (memory) => ({
      persist: (prefix, key) => (memory.ttl(prefix, key) ?? -1) > 0 && memory.persist(prefix, key),
    }),
  },
  "answers the TTL in seconds": {
    caughtBy: "ttl > ttl counts down, and never faster than the clock",
    breaks: (memory) => ({
      ttl(prefix, key) {
        const left = memory.ttl(prefix, key) ?? 0;
        return left > 0 ? left / 1_000 : left;
      },
    }),
  },
};
