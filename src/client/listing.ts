import type { CallOptions, Driver } from "../driver/driver.js";
import { UnavailableError } from "../errors.js";
import { parsePattern } from "../glob.js";
import { onAbort } from "../internal/abort.js";
import type { Calls } from "./calls.js";
import type { Lifetime } from "./lifetime.js";

/** What a listing goes through. */
export interface Listed {
  readonly driver: Driver;
  readonly prefix: string;
  readonly calls: Calls;
  readonly lifetime: Lifetime;
}

/**
 * The namespace's matching keys, in the driver's batches. It ends with an error when the client closes or the
 * signal fires, also while the driver is silent: a listing cut short must not look like a whole one.
 */
export async function* matchingKeys(
  { driver, prefix, calls, lifetime }: Listed,
  operation: string,
  source: string,
  options: CallOptions | undefined,
): AsyncGenerator<string[], void, void> {
  let batches: AsyncIterator<readonly string[]> | undefined;
  try {
    const call = calls.admit(options);
    const pattern = parsePattern(source);
    batches = driver.scan(prefix, pattern, call)[Symbol.asyncIterator]();
    while (true) {
      const batch = await interruptible(batches.next(), call?.signal, lifetime);
      if (batch.done) {
        batches = undefined;
        return;
      }
      yield batch.value.filter((key) => pattern.matches(key));
      calls.admit(call);
    }
  } catch (error) {
    throw calls.failure(error, operation, undefined, options);
  } finally {
    // Not awaited: a generator with a pending `next` would answer only after it.
    Promise.resolve(batches?.return?.()).catch(() => {});
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
