import type { Codec } from "../codec/codec.js";
import type { Awaitable, Driver } from "../driver/driver.js";
import type { Encoded } from "../driver/encoded.js";
import { CodecError, TimeoutError, UnavailableError } from "../errors.js";
import { isPromise } from "../internal/promise.js";
import { CallerError, type CallRunner, ReportedError } from "./call-runner.js";
import { decodeWith, encodeWith } from "./encoding.js";
import type { Lifetime } from "./lifetime.js";
import type { Log } from "./log.js";
import type { SharedState } from "./shared-state.js";
import type { Flight, SingleFlight } from "./single-flight.js";

/**
 * What `getOrSet` does: it reads the key, and on a miss computes the value and stores it. Callers of one client for one
 * key share a flight: one read, one computation and one store.
 */
export class GetOrSet<TKey extends string, TValue> {
  readonly #driver: Driver;
  readonly #flights: SingleFlight;
  readonly #log: Log;
  readonly #prefix: string;
  readonly #codec: Codec<TValue>;
  readonly #lifetime: Lifetime;
  readonly #calls: CallRunner;

  constructor(state: SharedState, prefix: string, codec: Codec<TValue>, lifetime: Lifetime, calls: CallRunner) {
    this.#driver = state.driver;
    this.#flights = state.flights;
    this.#log = state.log;
    this.#prefix = prefix;
    this.#codec = codec;
    this.#lifetime = lifetime;
    this.#calls = calls;
  }

  /** Returns a value that the driver returns directly, or else a promise, which may reject as `CallRunner` allows. */
  find(key: TKey, compute: Compute<TKey, TValue>, ttl: number): Awaitable<TValue | undefined> {
    const flight = this.#flights.find<TValue | undefined>(this, this.#prefix, key);
    if (flight !== undefined) return flight;
    let reply: Awaitable<Encoded | undefined>;
    try {
      reply = this.#driver.get(this.#prefix, key);
    } catch (error) {
      reply = Promise.reject(error);
    }
    // A hit that was returned directly needs no flight, which takes six times as long.
    if (reply !== undefined && !isPromise(reply)) return decodeWith(this.#codec, reply);
    return this.#start(reply, key, compute, ttl);
  }

  #start(
    reply: Awaitable<Encoded | undefined>,
    key: TKey,
    compute: Compute<TKey, TValue>,
    ttl: number,
  ): Promise<TValue | undefined> {
    return this.#flights.start<TValue | undefined>(this, this.#prefix, key, (started) =>
      this.#fly(started, reply, key, compute, ttl),
    );
  }

  async #fly(
    flight: Flight<TValue | undefined>,
    reply: Awaitable<Encoded | undefined>,
    key: TKey,
    compute: Compute<TKey, TValue>,
    ttl: number,
  ): Promise<TValue | undefined> {
    let storing = true;
    try {
      const found = await this.#counted(this.#decoded(reply));
      if (found !== undefined) return found;
    } catch (error) {
      this.#calls.report(error, "getOrSet", key);
      // When the store is down, the callers still get what is computed.
      const down = error instanceof TimeoutError || error instanceof UnavailableError;
      if (!down || this.#lifetime.closed) throw new ReportedError(error);
      storing = false;
    }
    const value = await computed(compute, key);
    if (value === undefined || !storing || flight.outdated || this.#lifetime.closed) return value;
    return this.#counted(this.#store(key, value, ttl));
  }

  async #decoded(reply: Awaitable<Encoded | undefined>): Promise<TValue | undefined> {
    const stored = await reply;
    return stored === undefined ? undefined : decodeWith(this.#codec, stored);
  }

  /**
   * Stores what was computed, and returns what every caller gets: it, or what another writer stored first. A failure of
   * the store is only a warning here, but for one of the codec.
   */
  async #store(key: TKey, value: TValue, ttl: number): Promise<TValue> {
    try {
      const encoded = encodeWith(this.#codec, value);
      // Not by `CallRunner.toWrite`: `setNX` overwrites nothing, so no other flight is outdated by it.
      if (await this.#driver.setNX(this.#prefix, key, encoded, ttl)) return value;
      const theirs = await this.#driver.get(this.#prefix, key);
      return theirs === undefined ? value : decodeWith(this.#codec, theirs);
    } catch (error) {
      if (error instanceof CodecError) {
        this.#calls.report(error, "getOrSet", key);
        throw new ReportedError(error);
      }
      this.#log.warn(this.#calls.complete(error, "getOrSet", key).message);
      return value;
    }
  }

  /** Makes closing the client wait for this. */
  async #counted<T>(work: Promise<T>): Promise<T> {
    this.#lifetime.enter();
    try {
      return await work;
    } finally {
      this.#lifetime.leave();
    }
  }
}

/** Computes the value of a missing key; `undefined` is not stored. */
export type Compute<TKey, TValue> = (key: TKey) => TValue | undefined | Promise<TValue | undefined>;

async function computed<TKey, TValue>(compute: Compute<TKey, TValue>, key: TKey): Promise<TValue | undefined> {
  try {
    return await compute(key);
  } catch (error) {
    throw new CallerError(error);
  }
}
