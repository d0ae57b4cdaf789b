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
 * The namespace's keys that match: of each batch of the driver's what `parts` makes of it. It ends with an error when
 * the client closes or the signal fires, also while the driver is silent: a listing cut short must not look like a
 * whole one.
 */
export async function* list<T>(
  { driver, prefix, calls, lifetime }: Listed,
  operation: string,
  source: string,
  options: CallOptions | undefined,
  parts: (batch: string[]) => Iterable<T>,
): AsyncGenerator<T, void, void> {
  let call: CallOptions | undefined;
  let batches: AsyncIterator<readonly string[]> | undefined;
  try {
    call = callOptions(options);
    calls.admit(call);
    const pattern = parsePattern(source);
    batches = driver.scan(prefix, pattern, call)[Symbol.asyncIterator]();
    while (true) {
      calls.admit(call);
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
    throw calls.failure(error, operation, undefined, call);
  } finally {
    // Not awaited: a generator with a `next` pending would answer only after it.
    Promise.resolve(batches)
      .then((left) => left?.return?.())
      .catch(() => {});
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
