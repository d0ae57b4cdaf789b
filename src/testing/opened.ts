import type { Driver } from "../driver/driver.js";
import type { Subject } from "./subject.js";

/** The one driver of a run: opened by the first case; tidied up and closed after the last. */
export class Opened {
  readonly #subject: Subject;
  readonly #used = new Map<string, Set<string>>();
  #driver: Promise<Driver> | undefined;

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  /** The driver, which notes the keys it is asked about. */
  driver(): Promise<Driver> {
    this.#driver ??= this.another().then((driver) => noting(driver, this.#used));
    return this.#driver;
  }

  /** Another driver, to be closed by who asks for it. */
  async another(): Promise<Driver> {
    return await this.#subject.open();
  }

  async close(): Promise<void> {
    const driver = await this.#driver;
    if (driver === undefined) return;
    // Not by clear, which not every store has, and which costs some a walk through all that they hold. Whatever
    // fails here, a key that the store refuses for one, has failed in its case already.
    for (const [prefix, keys] of this.#used) {
      await Promise.allSettled([...keys].map(async (key) => driver.delete(prefix, key)));
    }
    await driver.close?.();
  }
}

function noting(driver: Driver, used: Map<string, Set<string>>): Driver {
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

/** The keys that a driver's method is given: one, a list, or a list of entries. */
function keysIn(given: unknown): string[] {
  if (typeof given === "string") return [given];
  return Array.isArray(given) ? given.map((each) => (typeof each === "string" ? each : each[0])) : [];
}
