import {
  type Driver,
  type Encoded,
  InvalidArgumentError,
  InvalidKeyError,
  MemoryDriver,
  NotSupportedError,
  type Supports,
  toBytes,
} from "../../src/index.js";
import type { Subject } from "../../src/testing/index.js";
import { later } from "./broken/fault.js";

/**
 * A driver as there may be one for a store behind a network. It returns promises, and Buffers. Keys are short, values
 * small, and TTLs tenths of a second that end a tenth too late. It does not list, clear or store an `mSet` in one step,
 * and has nothing to close.
 */
export class LimitedDriver implements Driver {
  readonly name = "limited";
  readonly supports: Supports = { scan: false, clear: false, atomicMSet: false };
  readonly #memory = new MemoryDriver();

  get(prefix: string, key: string): Promise<Encoded | undefined> {
    return this.#reply(prefix, [key], () => asBuffer(this.#memory.get(prefix, key)));
  }

  set(prefix: string, key: string, value: Encoded, ttl: number): Promise<void> {
    return this.#reply(prefix, [key], () => this.#memory.set(prefix, key, accepted(value), coarse(ttl)));
  }

  setNX(prefix: string, key: string, value: Encoded, ttl: number): Promise<boolean> {
    return this.#reply(prefix, [key], () => this.#memory.setNX(prefix, key, accepted(value), coarse(ttl)));
  }

  delete(prefix: string, key: string): Promise<boolean> {
    return this.#reply(prefix, [key], () => this.#memory.delete(prefix, key));
  }

  exists(prefix: string, key: string): Promise<boolean> {
    return this.#reply(prefix, [key], () => this.#memory.exists(prefix, key));
  }

  mGet(prefix: string, keys: readonly string[]): Promise<(Encoded | undefined)[]> {
    return this.#reply(prefix, keys, () => this.#memory.mGet(prefix, keys).map(asBuffer));
  }

  async mSet(prefix: string, entries: readonly (readonly [string, Encoded])[], ttl: number): Promise<void> {
    for (const [key, value] of entries) {
      checkKey(prefix, key);
      accepted(value);
      coarse(ttl);
    }
    await Promise.all(entries.map(([key, value]) => this.set(prefix, key, value, ttl)));
  }

  mDel(prefix: string, keys: readonly string[]): Promise<number> {
    return this.#reply(prefix, keys, () => this.#memory.mDel(prefix, keys));
  }

  ttl(prefix: string, key: string): Promise<number | undefined> {
    return this.#reply(prefix, [key], () => this.#memory.ttl(prefix, key));
  }

  expire(prefix: string, key: string, ttl: number): Promise<boolean> {
    return this.#reply(prefix, [key], () => this.#memory.expire(prefix, key, coarse(ttl)));
  }

  persist(prefix: string, key: string): Promise<boolean> {
    return this.#reply(prefix, [key], () => this.#memory.persist(prefix, key));
  }

  incr(prefix: string, key: string, delta: number, ttl: number): Promise<number> {
    return this.#reply(prefix, [key], () => this.#memory.incr(prefix, key, delta, coarse(ttl)));
  }

  getSet(prefix: string, key: string, value: Encoded, ttl: number, keep: boolean): Promise<Encoded | undefined> {
    return this.#reply(prefix, [key], () =>
      asBuffer(this.#memory.getSet(prefix, key, accepted(value), coarse(ttl), keep)),
    );
  }

  compareAndSwap(
    prefix: string,
    key: string,
    oldValue: Encoded,
    newValue: Encoded,
    ttl: number,
    keep: boolean,
  ): Promise<boolean> {
    return this.#reply(prefix, [key], () =>
      this.#memory.compareAndSwap(prefix, key, oldValue, accepted(newValue), coarse(ttl), keep),
    );
  }

  compareAndDelete(prefix: string, key: string, oldValue: Encoded): Promise<boolean> {
    return this.#reply(prefix, [key], () => this.#memory.compareAndDelete(prefix, key, oldValue));
  }

  scan(): never {
    throw new NotSupportedError("this store cannot list its keys");
  }

  clear(): never {
    throw new NotSupportedError("this store cannot list its keys");
  }

  async #reply<T>(prefix: string, keys: readonly string[], answer: () => T): Promise<T> {
    for (const key of keys) checkKey(prefix, key);
    await later();
    return answer();
  }
}

const KEY_BYTES = 250;
const AWKWARD_KEY_BYTES = 186;
const VALUE_BYTES = 20_000;
const RESOLUTION = 100;
const LONGEST_TTL = 365 * 86_400_000;

/** The declarations of this driver for the suite. */
export const limits = {
  ttlResolution: RESOLUTION,
  limits: { keyBytes: KEY_BYTES, awkwardKeyBytes: AWKWARD_KEY_BYTES, valueBytes: VALUE_BYTES, ttl: LONGEST_TTL },
} as const satisfies Partial<Subject>;

function checkKey(prefix: string, key: string): void {
  const limit = /^[!-~]*$/.test(prefix + key) ? KEY_BYTES : AWKWARD_KEY_BYTES;
  if (toBytes(prefix + key).length > limit) throw new InvalidKeyError(`the storage key is longer than ${limit} bytes`);
}

function accepted(value: Encoded): Encoded {
  if (toBytes(value).length > VALUE_BYTES) throw new InvalidArgumentError("the value is too large");
  return value;
}

function coarse(ttl: number): number {
  if (ttl > LONGEST_TTL) throw new InvalidArgumentError("the ttl is too long");
  return ttl === 0 ? 0 : (Math.ceil(ttl / RESOLUTION) + 1) * RESOLUTION;
}

function asBuffer(value: Encoded | undefined): Buffer | undefined {
  return value === undefined ? undefined : Buffer.from(toBytes(value));
}
