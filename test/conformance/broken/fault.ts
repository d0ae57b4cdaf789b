import { type Driver, MemoryDriver } from "../../../src/index.js";
import type { Subject } from "../../../src/testing/index.js";

/** A deliberate fault. */
export interface Fault {
  /** The title of the case that fails because of it. */
  readonly caughtBy: string;
  /** The members in which the broken driver differs from the memory driver behind it. */
  breaks(memory: MemoryDriver): Partial<Driver>;
  /** What the subject declares about the broken driver. */
  readonly declares?: Partial<Subject>;
}

/** Faults by name. The name continues the sentence "the suite catches a driver that". */
export type Faults = Readonly<Record<string, Fault>>;

/** Returns a memory driver with this fault. */
export function broken({ breaks }: Fault): Driver {
  const memory = new MemoryDriver();
  const otherwise = breaks(memory);
  return new Proxy<Driver>(memory, {
    get(_, name) {
      const member: unknown = Reflect.get(name in otherwise ? otherwise : memory, name);
      return typeof member === "function" ? member.bind(memory) : member;
    },
  });
}

/** A memory driver that mistakes keys or namespaces for others. */
export function mistaking(
  memory: MemoryDriver,
  mistake: { key?: (key: string) => string; prefix?: (prefix: string) => string },
): Partial<Driver> {
  const { key: as = (key: string) => key, prefix: within = (prefix: string) => prefix } = mistake;
  return {
    get: (prefix, key) => memory.get(within(prefix), as(key)),
    set: (prefix, key, value, ttl) => memory.set(within(prefix), as(key), value, ttl),
    setNX: (prefix, key, value, ttl) => memory.setNX(within(prefix), as(key), value, ttl),
    exists: (prefix, key) => memory.exists(within(prefix), as(key)),
    delete: (prefix, key) => memory.delete(within(prefix), as(key)),
    mGet: (prefix, keys) => memory.mGet(within(prefix), keys.map(as)),
    mSet: (prefix, entries, ttl) =>
      memory.mSet(
        within(prefix),
        entries.map(([key, value]) => [as(key), value]),
        ttl,
      ),
    mDel: (prefix, keys) => memory.mDel(within(prefix), keys.map(as)),
    incr: (prefix, key, delta, ttl) => memory.incr(within(prefix), as(key), delta, ttl),
    clear: (prefix) => memory.clear(within(prefix)),
  };
}

/** Lets other calls go first. */
export function later(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
