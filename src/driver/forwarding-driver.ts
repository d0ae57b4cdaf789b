import type { Pattern } from "../glob.js";
import { checkDriver } from "./check-driver.js";
import type { Awaitable, CallOptions, Driver } from "./driver.js";
import type { OptionalDriverMethod } from "./driver-method.js";
import type { Encoded } from "./encoded.js";
import type { Supports } from "./supports.js";

/**
 * The base class of drivers that wrap a driver: it forwards every call to the inner driver, and a subclass overrides
 * single methods.
 *
 * `name` and `supports` are those of the inner driver. An optional method, such as `close`, is there only where the
 * inner driver has it or the subclass overrides it. Closing the wrapper closes the inner driver, also at the end of an
 * `await using`.
 *
 * @example
 * ```ts
 * class CountingDriver extends ForwardingDriver {
 *   reads = 0;
 *
 *   override get(prefix: string, key: string, options?: CallOptions) {
 *     this.reads++;
 *     return super.get(prefix, key, options);
 *   }
 * }
 *
 * const driver = new CountingDriver(new MemoryDriver());
 * ```
 */
export class ForwardingDriver implements Driver {
  readonly name: string;
  readonly supports?: Supports | undefined;

  /** The driver that calls are forwarded to. */
  protected readonly inner: Driver;

  /**
   * @param inner - the driver to wrap.
   * @throws InvalidArgumentError when it is not a driver.
   */
  constructor(inner: Driver) {
    checkDriver("inner", inner);
    this.inner = inner;
    this.name = inner.name;
    this.supports = inner.supports;
    for (const method of Object.values(OPTIONAL_METHODS)) {
      const overridden = this[method] !== ForwardingDriver.prototype[method];
      if (inner[method] === undefined && !overridden) Object.defineProperty(this, method, HIDDEN);
    }
  }

  get(prefix: string, key: string, options?: CallOptions): Awaitable<Encoded | undefined> {
    return this.inner.get(prefix, key, options);
  }

  set(prefix: string, key: string, value: Encoded, ttl: number, options?: CallOptions): Awaitable<void> {
    return this.inner.set(prefix, key, value, ttl, options);
  }

  setNX(prefix: string, key: string, value: Encoded, ttl: number, options?: CallOptions): Awaitable<boolean> {
    return this.inner.setNX(prefix, key, value, ttl, options);
  }

  delete(prefix: string, key: string, options?: CallOptions): Awaitable<boolean> {
    return this.inner.delete(prefix, key, options);
  }

  exists(prefix: string, key: string, options?: CallOptions): Awaitable<boolean> {
    return this.inner.exists(prefix, key, options);
  }

  mGet(prefix: string, keys: readonly string[], options?: CallOptions): Awaitable<(Encoded | undefined)[]> {
    return this.inner.mGet(prefix, keys, options);
  }

  mSet(
    prefix: string,
    entries: readonly (readonly [key: string, value: Encoded])[],
    ttl: number,
    options?: CallOptions,
  ): Awaitable<void> {
    return this.inner.mSet(prefix, entries, ttl, options);
  }

  mDel(prefix: string, keys: readonly string[], options?: CallOptions): Awaitable<number> {
    return this.inner.mDel(prefix, keys, options);
  }

  ttl(prefix: string, key: string, options?: CallOptions): Awaitable<number | undefined> {
    return this.inner.ttl(prefix, key, options);
  }

  expire(prefix: string, key: string, ttl: number, options?: CallOptions): Awaitable<boolean> {
    return this.inner.expire(prefix, key, ttl, options);
  }

  persist(prefix: string, key: string, options?: CallOptions): Awaitable<boolean> {
    return this.inner.persist(prefix, key, options);
  }

  incr(prefix: string, key: string, delta: number, ttl: number, options?: CallOptions): Awaitable<number> {
    return this.inner.incr(prefix, key, delta, ttl, options);
  }

  getSet(
    prefix: string,
    key: string,
    value: Encoded,
    ttl: number,
    keep: boolean,
    options?: CallOptions,
  ): Awaitable<Encoded | undefined> {
    return this.inner.getSet(prefix, key, value, ttl, keep, options);
  }

  compareAndSwap(
    prefix: string,
    key: string,
    oldValue: Encoded,
    newValue: Encoded,
    ttl: number,
    keep: boolean,
    options?: CallOptions,
  ): Awaitable<boolean> {
    return this.inner.compareAndSwap(prefix, key, oldValue, newValue, ttl, keep, options);
  }

  compareAndDelete(prefix: string, key: string, oldValue: Encoded, options?: CallOptions): Awaitable<boolean> {
    return this.inner.compareAndDelete(prefix, key, oldValue, options);
  }

  scan(prefix: string, pattern: Pattern, options?: CallOptions): AsyncIterable<readonly string[]> {
    return this.inner.scan(prefix, pattern, options);
  }

  clear(prefix: string, options?: CallOptions): Awaitable<void> {
    return this.inner.clear(prefix, options);
  }

  close?(): Awaitable<void> {
    return this.inner.close?.();
  }

  /** Closes the driver if it has `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close?.();
  }
}

/** An own property that hides a method of the prototype. */
const HIDDEN: PropertyDescriptor = { value: undefined, configurable: true, writable: true };

/**
 * Every optional method of the contract. It does not compile while one is missing here or in the class; a required
 * method that the class lacks fails at `implements`.
 */
const OPTIONAL_METHODS = { close: "close" } as const satisfies {
  [K in OptionalDriverMethod]: K & keyof ForwardingDriver;
};
