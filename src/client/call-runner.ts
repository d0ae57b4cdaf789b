import type { Awaitable, CallOptions, Driver } from "../driver/driver.js";
import { checkKey } from "../driver/key.js";
import { type ErrorCode, type NamestoreError, UnavailableError } from "../errors.js";
import { abortable } from "../internal/abort.js";
import { isPromise, resolved } from "../internal/promise.js";
import { callOptions } from "./call-options.js";
import type { Lifetime } from "./lifetime.js";
import type { Log } from "./log.js";
import type { Outage } from "./outage.js";
import { identity } from "./receivers.js";
import type { SharedState } from "./shared-state.js";
import type { SingleFlight } from "./single-flight.js";
import { wrapError } from "./wrap-error.js";

/**
 * The one way from a client to its driver: every operation starts and ends here. A call's options are checked, the call
 * is sent and its reply received; where it fails, the error is completed and logged.
 *
 * A call always returns a promise. If the driver returns its reply directly, that promise is already resolved.
 */
export class CallRunner {
  /** For calls that change no value. The other methods of the driver are reached by {@link toWrite} and its like only. */
  readonly reader: Reader;

  readonly #driver: Driver;
  readonly #flights: SingleFlight;
  readonly #log: Log;
  readonly #outage: Outage;
  readonly #prefix: string;
  readonly #lifetime: Lifetime;

  constructor(state: SharedState, prefix: string, lifetime: Lifetime) {
    this.reader = state.driver;
    this.#driver = state.driver;
    this.#flights = state.flights;
    this.#log = state.log;
    this.#outage = state.outage;
    this.#prefix = prefix;
    this.#lifetime = lifetime;
  }

  /** The driver, for a write to this key: what `getOrSet` computes for it now is not stored, as it may be older. */
  toWrite(key: string): Driver {
    this.#flights.outdate(this.#prefix, key);
    return this.#driver;
  }

  /** As {@link toWrite}, for several keys. */
  toWriteAll(keys: Iterable<string>): Driver {
    for (const key of keys) this.#flights.outdate(this.#prefix, key);
    return this.#driver;
  }

  /** As {@link toWrite}, for the whole namespace. */
  toClear(): Driver {
    this.#flights.outdateAll(this.#prefix);
    return this.#driver;
  }

  /**
   * A call about one key.
   *
   * @param send - checks the other arguments and calls the driver.
   * @param receive - turns the driver's reply into the caller's result.
   */
  one<R, T>(
    operation: string,
    key: string,
    options: CallOptions | undefined,
    send: (call: CallOptions | undefined) => Awaitable<R>,
    receive: (reply: R) => T,
  ): Promise<T> {
    return this.#run(operation, key, true, options, send, receive);
  }

  /** A call about several keys, or the whole namespace. */
  many<R, T>(
    operation: string,
    options: CallOptions | undefined,
    send: (call: CallOptions | undefined) => Awaitable<R>,
    receive: (reply: R) => T,
  ): Promise<T> {
    return this.#run(operation, undefined, false, options, send, receive);
  }

  /**
   * A call about one key whose result the user may still be computing: closing the client does not wait for it. It may
   * reject with a {@link CallerError} or a {@link ReportedError}.
   *
   * Its steps are those of `#run`. They are written out so that V8 inlines `send`: `getOrSet` is the only caller.
   */
  computed<T>(
    operation: string,
    key: string,
    options: CallOptions | undefined,
    send: (call: CallOptions | undefined) => Awaitable<T>,
  ): Promise<T> {
    let call: CallOptions | undefined;
    try {
      call = callOptions(options, operation);
      this.#check(call);
      checkKey(key);
      const result = send(call);
      return isPromise(result) ? this.#settle(operation, key, call, result, identity, false) : resolved(result);
    } catch (error) {
      return Promise.reject(this.#failure(error, operation, key, call));
    }
  }

  /**
   * A call whose results come one by one.
   *
   * @param open - starts it and returns the results in batches.
   */
  async *each<T>(
    operation: string,
    options: CallOptions | undefined,
    open: (call: CallOptions | undefined) => AsyncIterable<readonly T[]>,
  ): AsyncGenerator<T, void, void> {
    let call: CallOptions | undefined;
    try {
      call = callOptions(options, operation);
      this.#check(call);
      for await (const batch of open(call)) {
        for (const result of batch) {
          yield result;
          this.#check(call);
        }
      }
      this.replied(undefined);
    } catch (error) {
      throw this.#failure(error, operation, undefined, call);
    }
  }

  /** Completes an error and logs it, unless the caller is to blame. */
  report(thrown: unknown, operation: string, key: unknown): NamestoreError {
    const error = this.complete(thrown, operation, key);
    if (LOGGED[error.code] && !this.#isOfOutage(error)) this.#log.error(error.message);
    return error;
  }

  /** Completes an error that no caller gets, and logs it as a warning. */
  warn(thrown: unknown, operation: string, key: unknown): void {
    const error = this.complete(thrown, operation, key);
    if (!this.#isOfOutage(error)) this.#log.warn(error.message);
  }

  /** Reports that the store replied. */
  replied(key: string | undefined): void {
    if (this.#outage.underWay) this.#outage.succeeded(this.#storageKey(key));
  }

  #isOfOutage(error: NamestoreError): boolean {
    return this.#outage.covers(error, this.#storageKey(error.key));
  }

  #storageKey(key: string | undefined): string | undefined {
    return key === undefined ? undefined : this.#prefix + key;
  }

  /** Completes an error, without logging it. */
  complete(thrown: unknown, operation: string, key: unknown): NamestoreError {
    return wrapError(thrown, operation, typeof key === "string" ? key : undefined, this.#driver.name);
  }

  #run<R, T>(
    operation: string,
    key: string | undefined,
    aboutOneKey: boolean,
    options: CallOptions | undefined,
    send: (call: CallOptions | undefined) => Awaitable<R>,
    receive: (reply: R) => T,
  ): Promise<T> {
    let call: CallOptions | undefined;
    try {
      call = callOptions(options, operation);
      this.#check(call);
      if (aboutOneKey) checkKey(key);
      const reply = send(call);
      return isPromise(reply) ? this.#settle(operation, key, call, reply, receive, true) : resolved(receive(reply));
    } catch (error) {
      return Promise.reject(this.#failure(error, operation, key, call));
    }
  }

  /** @param counted - whether closing the client waits for the call. */
  #settle<R, T>(
    operation: string,
    key: string | undefined,
    call: CallOptions | undefined,
    reply: PromiseLike<R>,
    receive: (reply: R) => T,
    counted: boolean,
  ): Promise<T> {
    if (counted) this.#lifetime.enter();
    const settled = Promise.resolve(reply).then(
      (value) => {
        if (counted) {
          this.#lifetime.leave();
          this.replied(key);
        }
        try {
          return receive(value);
        } catch (error) {
          throw this.#failure(error, operation, key, call);
        }
      },
      (error: unknown) => {
        if (counted) this.#lifetime.leave();
        throw this.#failure(error, operation, key, call);
      },
    );
    return abortable(settled, call?.signal);
  }

  /** Throws if the call must not start or go on, because the client is closed or the signal has fired. */
  #check(call: CallOptions | undefined): void {
    if (this.#lifetime.closed) throw CLOSED;
    if (call?.signal?.aborted) throw call.signal.reason;
  }

  /** What the caller's promise rejects with: the reason of a signal that has fired, or a completed error. */
  #failure(thrown: unknown, operation: string, key: unknown, call: CallOptions | undefined): unknown {
    if (call?.signal?.aborted) return call.signal.reason;
    if (thrown instanceof CallerError) return thrown.error;
    if (thrown instanceof ReportedError) return this.complete(thrown.error, operation, key);
    return this.report(thrown, operation, key);
  }
}

/** The driver's methods that change no value. `expire` and `persist` are among them: a key they change is not missing. */
export type Reader = Pick<Driver, "get" | "exists" | "mGet" | "ttl" | "expire" | "persist" | "scan">;

/** An error of the user's own function, which reaches the caller unchanged. */
export class CallerError {
  constructor(readonly error: unknown) {}
}

/** An error that was logged before: each caller gets a copy of its own, and no further log line is written. */
export class ReportedError {
  constructor(readonly error: unknown) {}
}

/** Thrown by every call of a closed client; each caller gets a copy. */
const CLOSED = new UnavailableError("the client is closed", { outcome: "not-applied" });

/** Whether an error is logged: those of the backend and of codecs are, those of the caller are not. */
const LOGGED: Readonly<Record<ErrorCode, boolean>> = {
  ERR_DRIVER: true,
  ERR_TIMEOUT: true,
  ERR_UNAVAILABLE: true,
  ERR_CODEC: true,
  ERR_NOT_FOUND: false,
  ERR_TYPE_MISMATCH: false,
  ERR_OVERFLOW: false,
  ERR_INVALID_PATTERN: false,
  ERR_INVALID_KEY: false,
  ERR_INVALID_NAMESPACE: false,
  ERR_INVALID_ARGUMENT: false,
  ERR_CONFLICT: false,
  ERR_NOT_SUPPORTED: false,
};
