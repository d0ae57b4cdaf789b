import type { Driver } from "../driver/driver.js";
import type { Subject } from "./subject.js";

/** The drivers of one run of the suite: the first case opens one for all, which is tidied up and closed after the last. */
export class DriverPool {
  readonly #subject: Subject;
  readonly #used = new Map<string, Set<string>>();
  #driver: Promise<Driver> | undefined;

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  /** The driver of all cases. It records the keys that it is called with. */
  shared(): Promise<Driver> {
    this.#driver ??= this.another().then((driver) => recordingKeys(driver, this.#used));
    return this.#driver;
  }

  /** Another driver, which the caller has to close. */
  async another(): Promise<Driver> {
    return await this.#subject.open();
  }

  async close(): Promise<void> {
    const driver = await this.#driver;
    if (driver === undefined) return;
    // Not by `clear`, which some stores do not support, and which lists everything in others. A call that fails here,
    // because the store rejects the key, has failed in its case too.
    for (const [prefix, keys] of this.#used) {
      await Promise.allSettled([...keys].map(async (key) => driver.delete(prefix, key)));
    }
    await driver.close?.();
  }
}

function recordingKeys(driver: Driver, used: Map<string, Set<string>>): Driver {
  return new Proxy(driver, {
    get(_, name) {
      const member: unknown = Reflect.get(driver, name);
      if (typeof member !== "function") return member;
      return (prefix: string, ...rest: unknown[]): unknown => {
        for (const key of keysIn(rest[0])) used.set(prefix, (used.get(prefix) ?? new Set()).add(key));
        return member.call(driver, prefix, ...rest);
      };
    },
  });
}

/** The keys in the second argument of a driver's method: one key, a list of keys, or a list of entries. */
function keysIn(argument: unknown): string[] {
  if (typeof argument === "string") return [argument];
  return Array.isArray(argument) ? argument.map((each) => (typeof each === "string" ? each : each[0])) : [];
}
