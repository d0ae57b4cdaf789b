import type { CallOptions, Driver } from "../driver/driver.js";
import { UnavailableError } from "../errors.js";
import { parsePattern } from "../glob.js";
import { onAbort } from "../internal/abort.js";
import type { Calls } from "./calls.js";
import type { Lifetime } from "./lifetime.js";
import { callOptions } from "./options.js";

/** What a listing goes through. */
export interface Listed {
  readonly driver: Driver;
  readonly prefix: string;
  readonly calls: Calls;
  readonly lifetime: Lifetime;
}

/**
 * The namespace's keys that match. It ends with an error when the client closes or the signal fires, also while the
 * driver is silent: a listing cut short must not look like a whole one.
 */
export class Listing {
  readonly #listed: Listed;
  readonly #operation: string;
  readonly #pattern: string;
  readonly #options: CallOptions | undefined;

  constructor(listed: Listed, operation: string, pattern: string, options: CallOptions | undefined) {
    this.#listed = listed;
    this.#operation = operation;
    this.#pattern = pattern;
    this.#options = options;
  }

  /** In the driver's batches. */
  batches(): AsyncGenerator<string[], void, void> {
    return this.#list((keys) => [keys]);
  }

  /** One by one. */
  keys(): AsyncGenerator<string, void, void> {
    return this.#list((keys) => keys);
  }

  async *#list<T>(parts: (keys: string[]) => Iterable<T>): AsyncGenerator<T, void, void> {
    const { driver, prefix, calls, lifetime } = this.#listed;
    let call: CallOptions | undefined;
    let batches: AsyncIterator<readonly string[]> | undefined;
    try {
      call = callOptions(this.#options);
      calls.admit(call);
      const pattern = parsePattern(this.#pattern);
      batches = driver.scan(prefix, pattern, call)[Symbol.asyncIterator]();
      while (true) {
        const batch = await interruptible(batches.next(), call?.signal, lifetime);
        if (batch.done) {
          batches = undefined;
          return;
        }
        for (const part of parts(batch.value.filter((key) => pattern.matches(key)))) {
          yield part;
          calls.admit(call);
        }
      }
    } catch (error) {
      throw calls.failure(error, this.#operation, undefined, call);
    } finally {
      // Not awaited: a generator with a `next` pending would answer only after it.
      Promise.resolve(batches)
        .then((left) => left?.return?.())
        .catch(() => {});
    }
  }
}

function interruptible<T>(step: Promise<T>, signal: AbortSignal | undefined, lifetime: Lifetime): Promise<T> {
  return new Promise((resolve, reject) => {
    const forgetAbort = signal && onAbort(signal, () => reject(signal.reason));
    const forgetClose = lifetime.onClose(() =>
      reject(new UnavailableError("the client was closed during the listing", { outcome: "not-applied" })),
    );
    step.then(resolve, reject).finally(() => {
      forgetAbort?.();
      forgetClose();
    });
  });
}
