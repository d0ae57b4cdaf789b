import { type Encoded, toBytes, toText } from "../../../src/index.js";
import { type Faults, later } from "./fault.js";

export const swaps: Faults = {
  "lets setNX write over a live key": {
    caughtBy: "basic > setNX returns false for a live key and keeps its value",
    breaks: (memory) => ({
      setNX(prefix, key, value, ttl) {
        const missing = !memory.exists(prefix, key);
        memory.set(prefix, key, value, ttl);
        return missing;
      },
    }),
  },
  "looks and stores in two steps, in setNX": {
    caughtBy: "concurrency > one of 100 concurrent setNX returns true, and its value is stored",
    breaks: (memory) => ({
      async setNX(prefix, key, value, ttl) {
        if (memory.exists(prefix, key)) return false;
        await later();
        memory.set(prefix, key, value, ttl);
        return true;
      },
    }),
  },
  "compares and swaps in two steps": {
    caughtBy: "concurrency > one of 100 concurrent compareAndSwap returns true, and its value is stored",
    breaks: (memory) => ({
      async compareAndSwap(prefix, key, oldValue, newValue) {
        if (memory.get(prefix, key) !== oldValue) return false;
        await later();
        memory.set(prefix, key, newValue, 0);
        return true;
      },
    }),
  },
  "compares and deletes in two steps": {
    caughtBy: "concurrency > one of 100 concurrent compareAndDelete returns true",
    breaks: (memory) => ({
      async compareAndDelete(prefix, key, oldValue) {
        if (memory.get(prefix, key) !== oldValue) return false;
        await later();
        memory.delete(prefix, key);
        return true;
      },
    }),
  },
  "gets and sets in two steps": {
    caughtBy: "concurrency > a chain of 100 concurrent getSet loses no value",
    breaks: (memory) => ({
      async getSet(prefix, key, value) {
        const before = memory.get(prefix, key);
        await later();
        memory.set(prefix, key, value, 0);
        return before;
      },
    }),
  },
  "looks and deletes in two steps": {
    caughtBy: "concurrency > one of 100 concurrent delete returns true",
    breaks: (memory) => ({
      async delete(prefix, key) {
        const live = memory.exists(prefix, key);
        await later();
        memory.delete(prefix, key);
        return live;
      },
    }),
  },
  "loses the end of an mSet that it declares as not atomic": {
    caughtBy: "concurrency > concurrent mSet leave all values of one caller",
    breaks: (memory) => ({
      supports: { atomicMSet: false },
      mSet: (prefix, entries, ttl) => memory.mSet(prefix, entries.slice(0, 9), ttl),
    }),
  },
  "stores an mSet entry by entry": {
    caughtBy: "concurrency > concurrent mSet leave all values of one caller",
    breaks: (memory) => ({
      async mSet(prefix, entries, ttl) {
        for (const [key, value] of entries) {
          memory.set(prefix, key, value, ttl);
          await later();
        }
      },
    }),
  },
  "lets a read overtake a write": {
    caughtBy: "concurrency > a read sees a write that was not awaited",
    breaks: (memory) => ({
      async set(prefix, key, value, ttl) {
        await later();
        memory.set(prefix, key, value, ttl);
      },
    }),
  },
  "lets one write overtake another": {
    caughtBy: "concurrency > writes that were not awaited take effect in the order of the calls",
    breaks: (memory) => ({
      async set(prefix, key, value, ttl) {
        if (ttl === 0) await later();
        memory.set(prefix, key, value, ttl);
      },
    }),
  },
  "compares text and bytes as different": {
    caughtBy: "swap > compareAndSwap of text matches a value written as bytes",
    breaks: (memory) => ({
      compareAndSwap: (prefix, key, oldValue, newValue, ttl, keep) =>
        typeof memory.get(prefix, key) === typeof oldValue &&
        memory.compareAndSwap(prefix, key, oldValue, newValue, ttl, keep),
    }),
  },
  "compares what is in front of a NUL": {
    caughtBy: "swap > the compare calls return false for a NUL more and change nothing",
    breaks: (memory) => ({
      compareAndDelete: (prefix, key, oldValue) =>
        memory.compareAndDelete(prefix, key, toText(oldValue).split("\0")[0] ?? ""),
    }),
  },
  "compares as a dictionary would": {
    caughtBy: "swap > the compare calls return false for another normal form and change nothing",
    breaks: (memory) => ({
      compareAndSwap(prefix, key, oldValue, newValue, ttl, keep) {
        const stored = memory.get(prefix, key);
        if (stored === undefined || toText(stored).localeCompare(toText(oldValue)) !== 0) return false;
        return memory.compareAndSwap(prefix, key, stored, newValue, ttl, keep);
      },
    }),
  },
  "compares the beginning": {
    caughtBy: "swap > the compare calls return false for its beginning and change nothing",
    breaks: (memory) => ({
      compareAndDelete: (prefix, key, oldValue) =>
        toText(memory.get(prefix, key) ?? "").startsWith(toText(oldValue)) && memory.delete(prefix, key),
    }),
  },
  "writes into the bytes that it was handed": {
    caughtBy: "seam > it never writes into bytes that were passed in",
    breaks: (memory) => ({
      compareAndSwap(prefix, key, oldValue, newValue, ttl, keep) {
        const swapped = memory.compareAndSwap(prefix, key, oldValue, newValue, ttl, keep);
        if (oldValue instanceof Uint8Array) oldValue.fill(0);
        return swapped;
      },
    }),
  },
  "counts in the buffer that it answered": {
    caughtBy: "seam > it never writes into bytes that it returned",
    breaks: (memory) => ({
      incr(prefix, key, delta, ttl) {
        const buffer: Encoded | undefined = memory.get(prefix, key);
        const sum = memory.incr(prefix, key, delta, ttl);
        if (buffer instanceof Uint8Array) buffer.set(toBytes(`${sum}`));
        return sum;
      },
    }),
  },
};
