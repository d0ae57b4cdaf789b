import type { Codec } from "../codec/codec.js";
import type { Awaitable, Driver } from "../driver/driver.js";
import type { Encoded } from "../driver/encoded.js";
import { CodecError, InvalidKeyError, TimeoutError, UnavailableError } from "../errors.js";
import { isPromise } from "../internal/promise.js";
import { CallerError, type CallRunner, ReportedError } from "./call-runner.js";
import type { Computation } from "./computation.js";
import { decodeWith, encodeWith } from "./encoding.js";
import type { Lifetime } from "./lifetime.js";
import type { SharedState } from "./shared-state.js";
import type { Flight, SingleFlight } from "./single-flight.js";

/**
 * What `getOrSet` does: it reads the key, and on a miss computes the value and stores it. Callers of one client for one
 * key share a flight: one read, one computation and one store.
 */
export class GetOrSet<TKey extends string, TValue> {
  readonly #driver: Driver;
  readonly #flights: SingleFlight;
  readonly #prefix: string;
  readonly #codec: Codec<TValue>;
  readonly #lifetime: Lifetime;
  readonly #calls: CallRunner;

  constructor(state: SharedState, prefix: string, codec: Codec<TValue>, lifetime: Lifetime, calls: CallRunner) {
    this.#driver = state.driver;
    this.#flights = state.flights;
    this.#prefix = prefix;
    this.#codec = codec;
    this.#lifetime = lifetime;
    this.#calls = calls;
  }

  /** Returns a value that the driver returns directly, or else a promise, which may reject as `CallRunner` allows. */
  find(
    key: TKey,
    compute: Compute<TKey, TValue>,
    ttl: number,
    signal: AbortSignal | undefined,
  ): Awaitable<TValue | undefined> {
    const flight = this.#flights.find<TValue | undefined>(this, this.#prefix, key);
    if (flight !== undefined) return flight.join(signal);
    let reply: Awaitable<Encoded | undefined>;
    try {
      reply = this.#driver.get(this.#prefix, key);
    } catch (error) {
      reply = Promise.reject(error);
    }
    // A hit that was returned directly needs no flight, which takes six times as long.
    if (reply !== undefined && !isPromise(reply)) {
      try {
        return decodeWith(this.#codec, reply);
      } catch {
        // The flight decodes it again, and deals with the error.
      }
    }
    return this.#start(reply, key, compute, ttl).join(signal);
  }

  #start(
    reply: Awaitable<Encoded | undefined>,
    key: TKey,
    compute: Compute<TKey, TValue>,
    ttl: number,
  ): Flight<TValue | undefined> {
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
    const { value: found, unreadable, storing = true } = await this.#counted(this.#read(reply, key));
    if (found !== undefined) return found;
    // Nobody is left to compute for, and nobody sees this error.
    if (flight.givenUp) throw new CallerError(undefined);
    const computed = await this.#compute(flight, key, compute);
    if (computed === undefined) return undefined;
    const fresh = this.#throughCodec(key, computed);
    if (!storing || flight.outdated || this.#lifetime.closed) return fresh.value;
    return this.#counted(this.#store(key, fresh, ttl, unreadable));
  }

  /** Reads a value. When the store cannot be used, it is missing and will not be stored. */
  async #read(reply: Awaitable<Encoded | undefined>, key: TKey): Promise<Found<TValue>> {
    let stored: Encoded | undefined;
    try {
      stored = await reply;
      this.#calls.replied(key);
    } catch (error) {
      const refused = error instanceof InvalidKeyError;
      const down = error instanceof TimeoutError || error instanceof UnavailableError;
      if (this.#lifetime.closed || !(refused || down)) throw this.#reported(error, key);
      if (refused) this.#warn(error, key);
      else this.#calls.report(error, "getOrSet", key);
      return { storing: false };
    }
    if (stored === undefined) return {};
    try {
      return { value: decodeWith(this.#codec, stored) };
    } catch (error) {
      if (!(error instanceof CodecError)) throw this.#reported(error, key);
      this.#warn(error, key);
      return { unreadable: stored };
    }
  }

  async #compute(
    flight: Flight<TValue | undefined>,
    key: TKey,
    compute: Compute<TKey, TValue>,
  ): Promise<TValue | undefined> {
    const { computation } = flight;
    const abort = (): void =>
      computation.abort(new UnavailableError("the client is closed", { outcome: "not-applied" }));
    if (this.#lifetime.closed) abort();
    const forget = this.#lifetime.onClose(abort);
    try {
      return await compute(key, computation);
    } catch (error) {
      throw new CallerError(error);
    } finally {
      forget();
    }
  }

  /** Encodes a computed value and decodes it again: who computes a value gets what later readers will get. */
  #throughCodec(key: TKey, computed: TValue): Fresh<TValue> {
    try {
      const encoded = encodeWith(this.#codec, computed);
      return { encoded, value: decodeWith(this.#codec, encoded) };
    } catch (error) {
      throw this.#reported(error, key);
    }
  }

  /**
   * Stores what was computed, in the place of nothing or of what did not decode. Returns what every caller gets: it, or
   * what another writer stored first. A failure is only a warning here.
   */
  async #store(key: TKey, fresh: Fresh<TValue>, ttl: number, unreadable: Encoded | undefined): Promise<TValue> {
    const { encoded, value } = fresh;
    try {
      // Not by `CallRunner.toWrite`: neither overwrites what anybody can read, so no other flight is outdated by it.
      const stored = await (unreadable === undefined
        ? this.#driver.setNX(this.#prefix, key, encoded, ttl)
        : this.#driver.compareAndSwap(this.#prefix, key, unreadable, encoded, ttl, false));
      if (stored) return value;
      const theirs = await this.#driver.get(this.#prefix, key);
      return theirs === undefined ? value : decodeWith(this.#codec, theirs);
    } catch (error) {
      this.#warn(error, key);
      return value;
    }
  }

  #reported(error: unknown, key: TKey): ReportedError {
    this.#calls.report(error, "getOrSet", key);
    return new ReportedError(error);
  }

  #warn(error: unknown, key: TKey): void {
    this.#calls.warn(error, "getOrSet", key);
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
export type Compute<TKey, TValue> = (
  key: TKey,
  computation: Computation,
) => TValue | undefined | Promise<TValue | undefined>;

/** What a read found: a value, or none. */
interface Found<TValue> {
  readonly value?: TValue | undefined;
  /** What is stored but does not decode. */
  readonly unreadable?: Encoded;
  /** `false` when the store cannot be used. */
  readonly storing?: false;
}

/** A computed value as it will be stored, and as it will be read. */
interface Fresh<TValue> {
  readonly encoded: Encoded;
  readonly value: TValue;
}
