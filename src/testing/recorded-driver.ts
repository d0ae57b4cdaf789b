import type { Driver } from "../driver/driver.js";

/** The driver of one case. It records the keys that it is called with and the calls that are pending. */
export class RecordedDriver {
  /** Forwards everything to the driver of all cases. */
  readonly driver: Driver;
  readonly #target: Driver;
  readonly #keys = new Map<string, Set<string>>();
  readonly #pending = new Map<string, number>();

  constructor(target: Driver) {
    this.#target = target;
    this.driver = new Proxy(target, {
      get: (_, name) => {
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? this.#recording(String(name), member) : member;
      },
    });
  }

  /** The methods with calls that have not settled, such as `"set, get (2)"`. */
  get pending(): string {
    const shown = [...this.#pending].map(([name, count]) => (count === 1 ? name : `${name} (${count})`));
    return shown.join(", ");
  }

  /**
   * Deletes all keys that were named. Not by `clear`, which some stores do not support, and which lists everything in
   * others. A call that fails here, because the store rejects the key, has failed in its case too.
   */
  async deleteAll(): Promise<void> {
    const driver = this.#target;
    for (const [prefix, keys] of this.#keys) {
      const all = [...keys];
      for (let at = 0; at < all.length; at += BATCH) {
        const batch = all.slice(at, at + BATCH);
        try {
          await driver.mDel(prefix, batch);
        } catch {
          await Promise.allSettled(batch.map(async (key) => driver.delete(prefix, key)));
        }
      }
    }
    this.#keys.clear();
  }

  #recording(name: string, method: Callable): (prefix: string, ...rest: unknown[]) => unknown {
    return (prefix, ...rest) => {
      const known = this.#keys.get(prefix) ?? new Set();
      for (const key of keysIn(rest[0])) this.#keys.set(prefix, known.add(key));
      const result: unknown = Reflect.apply(method, this.#target, [prefix, ...rest]);
      if (result instanceof Promise) return this.#await(name, result);
      return isListing(result) ? this.#recordingEach(name, result) : result;
    };
  }

  /** Each step of a listing is a call. */
  #recordingEach(name: string, listing: AsyncIterable<unknown>): AsyncIterable<unknown> {
    return {
      [Symbol.asyncIterator]: () => {
        const steps = listing[Symbol.asyncIterator]();
        return {
          next: () => this.#await(name, steps.next()),
          return: async () => (await steps.return?.()) ?? { done: true, value: undefined },
        };
      },
    };
  }

  #await<T>(name: string, result: Promise<T>): Promise<T> {
    const count = (change: number): void => {
      const left = (this.#pending.get(name) ?? 0) + change;
      if (left === 0) this.#pending.delete(name);
      else this.#pending.set(name, left);
    };
    count(1);
    const settled = (): void => count(-1);
    result.then(settled, settled);
    return result;
  }
}

/** What `typeof` calls a function. */
type Callable = Parameters<typeof Reflect.apply>[0];

function isListing(result: unknown): result is AsyncIterable<unknown> {
  return typeof result === "object" && result !== null && Symbol.asyncIterator in result;
}

/** The most keys in one call. */
const BATCH = 1_000;

/** The keys in the second argument of a driver's method: one key, a list of keys, or a list of entries. */
function keysIn(argument: unknown): string[] {
  if (typeof argument === "string") return [argument];
  return Array.isArray(argument) ? argument.map((each) => (typeof each === "string" ? each : each[0])) : [];
}
