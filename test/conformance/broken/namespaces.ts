import { parsePattern } from "../../../src/glob.js";
import { type Driver, type MemoryDriver, NotSupportedError } from "../../../src/index.js";
import { type Faults, mistaking } from "./fault.js";

/** Remembers all namespaces, and lets `clear` and `scan` also affect others that `taken` accepts. */
function leaking(memory: MemoryDriver, taken: (one: string, prefix: string) => boolean): Partial<Driver> {
  const all = new Set<string>();
  const those = (prefix: string): string[] => [...all].filter((one) => taken(one, prefix));
  return {
    mSet(prefix, entries, ttl) {
      all.add(prefix);
      memory.mSet(prefix, entries, ttl);
    },
    async *scan(prefix, pattern) {
      for (const one of those(prefix)) yield* memory.scan(one, pattern);
    },
    clear(prefix) {
      for (const one of those(prefix)) memory.clear(one);
    },
  };
}

export const namespaces: Faults = {
  "clears the whole store": {
    caughtBy: "isolation > two domains, different names: each clears only its own keys",
    breaks: (memory) => leaking(memory, () => true),
  },
  "clears by root namespace": {
    caughtBy: "isolation > two domains, a slash: each clears only its own keys",
    breaks: (memory) => leaking(memory, (one, prefix) => one.startsWith(prefix.slice(0, prefix.indexOf(":")))),
  },
  "clears by the beginning of the domain": {
    caughtBy: "isolation > two domains, a name and a longer one: each clears only its own keys",
    breaks: (memory) => leaking(memory, (one, prefix) => one.startsWith(prefix.slice(0, -1))),
  },
  "takes a prefix for a pattern when it clears": {
    caughtBy: "isolation > two domains, a star: each clears only its own keys",
    breaks: (memory) => leaking(memory, (one, prefix) => parsePattern(`${prefix}*`).matches(one)),
  },
  "takes a prefix for a pattern when it lists": {
    caughtBy: "isolation > two root namespaces, a class: each lists only its own keys",
    breaks: (memory) => leaking(memory, (one, prefix) => parsePattern(`${prefix}*`).matches(one)),
  },
  "takes a prefix for a regular expression": {
    caughtBy: "isolation > two domains, a dot: each clears only its own keys",
    breaks: (memory) => leaking(memory, (one, prefix) => new RegExp(`^${prefix}`).test(one)),
  },
  "takes a prefix for a LIKE pattern": {
    caughtBy: "isolation > two domains, an underscore: each clears only its own keys",
    breaks: (memory) => leaking(memory, (one, prefix) => parsePattern(prefix.replaceAll("_", "?")).matches(one)),
  },
  "joins the parts of a storage key without a boundary": {
    caughtBy: "isolation > a different boundary between the names: they share no key",
    breaks: (memory) => mistaking(memory, { prefix: (prefix) => prefix.replaceAll(":", "") }),
  },
  "sorts the parts of a prefix": {
    caughtBy: "isolation > swapped names: they share no key",
    breaks: (memory) => mistaking(memory, { prefix: (prefix) => prefix.split(":").sort().join(":") }),
  },
  "decodes percent signs in names": {
    caughtBy: "isolation > two domains, percent encoding: they share no key",
    breaks: (memory) => mistaking(memory, { prefix: decodeURIComponent }),
  },
  "splits a storage key at the last colon": {
    caughtBy: "isolation > two similar keys are two entries: a part before the colon",
    breaks: (memory) => mistaking(memory, { key: (key) => key.slice(key.lastIndexOf(":") + 1) }),
  },
  "splits a storage key at each colon, and drops what is behind the fourth": {
    caughtBy: "isolation > two similar keys are two entries: a part after the colon",
    breaks: (memory) => mistaking(memory, { key: (key) => key.split(":")[0] ?? "" }),
  },
  "folds the case of keys": {
    caughtBy: "isolation > two similar keys are two entries: upper and lower case",
    breaks: (memory) => mistaking(memory, { key: (key) => key.toLowerCase() }),
  },
  "trims keys": {
    caughtBy: "isolation > two similar keys are two entries: a space at the end",
    breaks: (memory) => mistaking(memory, { key: (key) => key.trim() }),
  },
  "normalises keys": {
    caughtBy: "isolation > two similar keys are two entries: two normal forms",
    breaks: (memory) => mistaking(memory, { key: (key) => key.normalize() }),
  },
  "ends a key at a NUL": {
    caughtBy: "isolation > two similar keys are two entries: a NUL",
    breaks: (memory) => mistaking(memory, { key: (key) => key.split("\0")[0] ?? "" }),
  },
  "cuts keys": {
    caughtBy: "isolation > two similar keys are two entries: a last character after a hundred",
    breaks: (memory) => mistaking(memory, { key: (key) => key.slice(0, 100) }),
  },
  "takes all emoji for one": {
    caughtBy: "isolation > two similar keys are two entries: two emoji",
    breaks: (memory) => mistaking(memory, { key: (key) => key.replace(/[^\0-\uffff]/gu, "\ufffd") }),
  },
  "reads keys as numbers": {
    caughtBy: "isolation > two similar keys are two entries: equal numbers",
    breaks: (memory) => mistaking(memory, { key: (key) => String(Number(key) || key) }),
  },
  "keeps entries in a plain object": {
    caughtBy: "names > works as a key: an object's prototype",
    breaks: () => {
      const entries: Record<string, string> = {};
      return {
        set(_, key, value) {
          entries[key] = String(value);
        },
        get: (_, key) => entries[key],
      };
    },
  },
  "lists storage keys": {
    caughtBy: "seam > scan yields batches of business keys",
    breaks: (memory) => ({
      async *scan(prefix, pattern) {
        for await (const batch of memory.scan(prefix, pattern)) yield batch.map((key) => prefix + key);
      },
    }),
  },
  "lists keys twice": {
    caughtBy: "listing > keys and scan list business keys, each once",
    breaks: (memory) => ({
      async *scan(prefix, pattern) {
        yield* memory.scan(prefix, pattern);
        yield* memory.scan(prefix, pattern);
      },
    }),
  },
  "lists the first batch only": {
    caughtBy: "listing > scan lists thousands of keys, each once",
    breaks: (memory) => ({
      async *scan(prefix, pattern) {
        for await (const batch of memory.scan(prefix, pattern)) {
          yield batch;
          return;
        }
      },
    }),
  },
  "skips keys when others go": {
    caughtBy: "listing > a scan of thousands of keys during which they are removed yields each of them once",
    breaks: (memory) => ({
      async *scan(prefix, pattern) {
        // By position: after a key is removed, those behind it move up.
        for (let at = 0; ; at += 100) {
          const keys: string[] = [];
          for await (const batch of memory.scan(prefix, pattern)) keys.push(...batch);
          if (at >= keys.length) return;
          yield keys.slice(at, at + 100);
        }
      },
    }),
  },
  "lists keys again that were set meanwhile": {
    caughtBy: "listing > a scan yields a key once that is removed and set again meanwhile",
    breaks: (memory) => {
      let written: string[] = [];
      return {
        mSet(prefix, entries, ttl) {
          written.push(...entries.map(([key]) => key));
          memory.mSet(prefix, entries, ttl);
        },
        async *scan(prefix, pattern) {
          written = [];
          yield* memory.scan(prefix, pattern);
          yield written;
        },
      };
    },
  },
  "filters by the pattern as it is written": {
    caughtBy: 'patterns > "a\\\\*" finds its keys and no others',
    breaks: (memory) => ({
      async *scan(prefix, pattern) {
        const literal = pattern.source.split("*")[0] ?? "";
        for await (const batch of memory.scan(prefix, pattern)) yield batch.filter((key) => key.startsWith(literal));
      },
    }),
  },
  "matches the pattern's prefix as a pattern": {
    caughtBy: "seam > scan leaves out no key that starts with the pattern's prefix",
    breaks: (memory) => ({
      async *scan(prefix, pattern) {
        const own = new RegExp(`^${pattern.prefix.replace(/[*?{]/g, "\\$&")}`);
        for await (const batch of memory.scan(prefix, parsePattern("*"))) yield batch.filter((key) => own.test(key));
      },
    }),
  },
  "lists nothing although it declares that it does not list": {
    caughtBy: "listing > keys and scan list business keys, each once",
    breaks: () => ({ supports: { scan: false }, async *scan() {} }),
  },
  "lists although it declares that it does not": {
    caughtBy: "listing > keys and scan list business keys, each once",
    breaks: () => ({ supports: { scan: false } }),
  },
  "clears nothing although it declares that it does not clear": {
    caughtBy: "listing > clear removes every key",
    breaks: () => ({ supports: { clear: false }, clear: () => {} }),
  },
  "clears although it declares that it rejects": {
    caughtBy: "listing > clear removes every key",
    breaks: (memory) => ({
      supports: { clear: false },
      clear(prefix) {
        memory.clear(prefix);
        throw new NotSupportedError("this store does not clear");
      },
    }),
  },
  "holds longer keys than it says": {
    declares: { limits: { keyBytes: 250 } },
    caughtBy: "limits > rejects a storage key of 251 bytes, printable ASCII",
    breaks: () => ({}),
  },
  "holds longer values than it says": {
    declares: { limits: { valueBytes: 1_000 } },
    caughtBy: "limits > rejects a value of 2000 bytes and keeps the old one",
    breaks: () => ({}),
  },
};
