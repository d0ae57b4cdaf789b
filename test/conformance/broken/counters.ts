import { OverflowError, toText } from "../../../src/index.js";
import { type Faults, later } from "./fault.js";

export const counters: Faults = {
  "rounds a large counter": {
    caughtBy: "counters > counts exactly up to 2^53−1",
    breaks: (memory) => ({
      incr: (prefix, key, delta, ttl) => Number(memory.incr(prefix, key, delta, ttl).toPrecision(15)),
    }),
  },
  "counts on past the safe integers": {
    caughtBy: "counters > a sum beyond 2^53−1 is an OverflowError and leaves the value and its TTL",
    breaks: (memory) => ({
      incr(prefix, key, delta) {
        const sum = BigInt(toText(memory.get(prefix, key) ?? "0")) + BigInt(delta);
        memory.getSet(prefix, key, `${sum}`, 0, true);
        return Number(sum);
      },
    }),
  },
  "wraps around on overflow": {
    caughtBy: "counters > a sum beyond −(2^53−1) is an OverflowError and leaves the value and its TTL",
    breaks: (memory) => ({
      incr(prefix, key, delta) {
        const sum = BigInt.asIntN(54, BigInt(toText(memory.get(prefix, key) ?? "0")) + BigInt(delta));
        memory.getSet(prefix, key, `${sum}`, 0, true);
        return Number(sum);
      },
    }),
  },
  "stores the sum before it refuses it": {
    caughtBy: "counters > a sum far beyond 2^53−1 is an OverflowError and leaves the value and its TTL",
    breaks: (memory) => ({
      incr(prefix, key, delta, ttl) {
        try {
          return memory.incr(prefix, key, delta, ttl);
        } catch (error) {
          const sum = Number(toText(memory.get(prefix, key) ?? "0")) + delta;
          if (error instanceof OverflowError) memory.getSet(prefix, key, `${sum}`, 0, true);
          throw error;
        }
      },
    }),
  },
  "drops the TTL on overflow": {
    caughtBy: "counters > a sum beyond 2^53−1 is an OverflowError and leaves the value and its TTL",
    breaks: (memory) => ({
      incr(prefix, key, delta, ttl) {
        try {
          return memory.incr(prefix, key, delta, ttl);
        } catch (error) {
          memory.persist(prefix, key);
          throw error;
        }
      },
    }),
  },
  "takes any number for a counter": {
    caughtBy: "counters > a fraction is a TypeMismatchError and leaves the value and its TTL",
    breaks: (memory) => ({
      incr(prefix, key, delta, ttl) {
        const count = Number(toText(memory.get(prefix, key) ?? "0"));
        if (Number.isSafeInteger(count)) memory.getSet(prefix, key, `${count}`, ttl, true);
        return memory.incr(prefix, key, delta, ttl);
      },
    }),
  },
  "starts anew where the value is no counter": {
    caughtBy: "counters > a word is a TypeMismatchError and leaves the value and its TTL",
    breaks: (memory) => ({
      incr(prefix, key, delta, ttl) {
        if (Number.isNaN(Number(memory.get(prefix, key) ?? "0"))) memory.getSet(prefix, key, "0", ttl, true);
        return memory.incr(prefix, key, delta, ttl);
      },
    }),
  },
  "stores counters with a fraction": {
    caughtBy: "counters > a counter is decimal text",
    breaks: (memory) => ({
      incr(prefix, key, delta, ttl) {
        const sum = memory.incr(prefix, key, delta, ttl);
        memory.getSet(prefix, key, sum.toFixed(1), 0, true);
        return sum;
      },
    }),
  },
  "stores counters as bytes, little-endian": {
    caughtBy: "counters > a counter is decimal text",
    breaks: (memory) => ({
      incr(prefix, key, delta, ttl) {
        const stored = memory.get(prefix, key);
        const count = stored instanceof Uint8Array ? new DataView(stored.buffer).getBigInt64(0, true) : 0n;
        const bytes = new Uint8Array(8);
        new DataView(bytes.buffer).setBigInt64(0, count + BigInt(delta), true);
        memory.getSet(prefix, key, bytes, ttl, true);
        return Number(count) + delta;
      },
    }),
  },
  "leaves a space where a counter got shorter": {
    caughtBy: "counters > a counter that gets shorter keeps no old digits",
    breaks: (memory) => ({
      incr(prefix, key, delta, ttl) {
        const before = memory.get(prefix, key) ?? "";
        const sum = memory.incr(prefix, key, delta, ttl);
        memory.getSet(prefix, key, `${sum}`.padEnd(before.length), 0, true);
        return sum;
      },
    }),
  },
  "answers minus zero": {
    caughtBy: "counters > zero is never minus zero",
    breaks: (memory) => ({ incr: (prefix, key, delta, ttl) => memory.incr(prefix, key, delta, ttl) || -0 }),
  },
  "reads and writes a counter in two steps": {
    caughtBy: "concurrency > 1,000 concurrent incr count to 1,000, and no two return the same number",
    breaks: (memory) => ({
      async incr(prefix, key, delta) {
        const count = Number(memory.get(prefix, key) ?? "0");
        await later();
        memory.set(prefix, key, `${count + delta}`, 0);
        return count + delta;
      },
    }),
  },
};
