import type { Awaitable, CallOptions, Driver } from "../driver/driver.js";
import { checkKey } from "../driver/key.js";
import { type NamestoreError, UnavailableError } from "../errors.js";
import { abortable } from "../internal/abort.js";
import { isPromise, resolved } from "../internal/promise.js";
import { complete } from "./complete.js";
import type { Lifetime } from "./lifetime.js";
import type { Log } from "./log.js";
import { callOptions } from "./options.js";

/** Thrown at every call of a closed client; each caller gets a copy. */
const CLOSED = new UnavailableError("the client is closed", { outcome: "not-applied" });

/** What the backend or a codec did, as against what the caller got wrong. */
const LOGGED: ReadonlySet<string> = new Set(["ERR_DRIVER", "ERR_TIMEOUT", "ERR_UNAVAILABLE", "ERR_CODEC"]);

/**
 * The one way from a client to its driver: every call is admitted, sent, received, and, where it fails, completed
 * and logged here. It always gives a promise, and it answers without a detour what the driver answers at once.
 */
export class Calls {
  readonly #driver: string;
  readonly #lifetime: Lifetime;
  readonly #log: Log;

  constructor(driver: Driver, lifetime: Lifetime, log: Log) {
    this.#driver = driver.name;
    this.#lifetime = lifetime;
    this.#log = log;
  }

  /**
   * A call about one key.
   *
   * @param send - checks the other arguments and calls the driver.
   * @param receive - turns the driver's answer into the caller's.
   */
  one<R, T>(
    operation: string,
    key: string,
    options: CallOptions | undefined,
    send: (call: CallOptions | undefined) => Awaitable<R>,
    receive: (reply: R) => T,
  ): Promise<T> {
    return this.#make(operation, key, true, options, send, receive);
  }

  /** A call about several keys, or the whole namespace. */
  many<R, T>(
    operation: string,
    options: CallOptions | undefined,
    send: (call: CallOptions | undefined) => Awaitable<R>,
    receive: (reply: R) => T,
  ): Promise<T> {
    return this.#make(operation, undefined, false, options, send, receive);
  }

  /** Throws what keeps a call from being made, or from going on: the client is closed, or the signal has fired. */
  admit(call: CallOptions | undefined): void {
    if (this.#lifetime.closed) throw CLOSED;
    if (call?.signal?.aborted) throw call.signal.reason;
  }

  /** What the caller is to be rejected with: the signal's reason once it has fired, else a completed, logged error. */
  failure(thrown: unknown, operation: string, key: unknown, call: CallOptions | undefined): unknown {
    return call?.signal?.aborted ? call.signal.reason : this.report(thrown, operation, key);
  }

  /** The completed error, logged where the caller is not to blame. */
  report(thrown: unknown, operation: string, key: unknown): NamestoreError {
    const error = this.completed(thrown, operation, key);
    if (LOGGED.has(error.code)) this.#log.error(error.message);
    return error;
  }

  /** The completed error alone. */
  completed(thrown: unknown, operation: string, key: unknown): NamestoreError {
    return complete(thrown, operation, typeof key === "string" ? key : undefined, this.#driver);
  }

  #make<R, T>(
    operation: string,
    key: string | undefined,
    keyed: boolean,
    options: CallOptions | undefined,
    send: (call: CallOptions | undefined) => Awaitable<R>,
    receive: (reply: R) => T,
  ): Promise<T> {
    let call: CallOptions | undefined;
    try {
      call = callOptions(options);
      this.admit(call);
      if (keyed) checkKey(key);
      const reply = send(call);
      return isPromise(reply) ? this.#later(operation, key, call, reply, receive) : resolved(receive(reply));
    } catch (error) {
      return Promise.reject(this.failure(error, operation, key, call));
    }
  }

  #later<R, T>(
    operation: string,
    key: string | undefined,
    call: CallOptions | undefined,
    reply: PromiseLike<R>,
    receive: (reply: R) => T,
  ): Promise<T> {
    this.#lifetime.enter();
    const settled = Promise.resolve(reply).then(
      (value) => {
        this.#lifetime.leave();
        try {
          return receive(value);
        } catch (error) {
          throw this.failure(error, operation, key, call);
        }
      },
      (error: unknown) => {
        this.#lifetime.leave();
        throw this.failure(error, operation, key, call);
      },
    );
    return abortable(settled, call?.signal);
  }
}
