import type { CallOptions } from "../driver/driver.js";
import { UnavailableError } from "../errors.js";
import { parsePattern } from "../glob.js";
import { onAbort } from "../internal/abort.js";
import type { Reader } from "./call-runner.js";
import type { Lifetime } from "./lifetime.js";

/**
 * Lists the keys of a namespace that match a pattern, in the driver's batches. It ends with an error when the client
 * closes or the signal fires, even while the driver is silent: a partial listing must not look like a whole one.
 */
export async function* list<TKey extends string>(
  reader: Reader,
  prefix: string,
  lifetime: Lifetime,
  source: string,
  call: CallOptions | undefined,
): AsyncGenerator<TKey[], void, void> {
  const pattern = parsePattern(source);
  let batches: AsyncIterator<readonly string[]> | undefined = reader
    .scan(prefix, pattern, call)
    [Symbol.asyncIterator]();
  try {
    while (true) {
      const batch = await nextBatch(batches, lifetime, call?.signal);
      if (batch.done) {
        batches = undefined;
        return;
      }
      // Which keys are of the client's type is known to the compiler only.
      yield batch.value.filter((key): key is TKey => pattern.matches(key));
    }
  } finally {
    // Not awaited: a generator whose `next` is pending settles `return` only after it.
    Promise.resolve(batches)
      .then((left) => left?.return?.())
      .catch(() => {});
  }
}

/** Returns all keys of a listing. */
export async function listAll<TKey extends string>(batches: AsyncIterable<readonly TKey[]>): Promise<TKey[]> {
  const keys: TKey[] = [];
  for await (const batch of batches) {
    for (const key of batch) keys.push(key);
  }
  return keys;
}

/** The next batch, or a rejection as soon as the client closes or the signal fires. */
async function nextBatch<T>(
  batches: AsyncIterator<T>,
  lifetime: Lifetime,
  signal: AbortSignal | undefined,
): Promise<IteratorResult<T>> {
  const closed = (): unknown =>
    new UnavailableError("the client was closed during the listing", { outcome: "not-applied" });
  // Either may have happened since the last batch.
  if (signal?.aborted) throw signal.reason;
  if (lifetime.closed) throw closed();
  const next = batches.next();
  return new Promise((resolve, reject) => {
    const forgetAbort = signal && onAbort(signal, () => reject(signal.reason));
    const forgetClose = lifetime.onClose(() => reject(closed()));
    next.then(resolve, reject).finally(() => {
      forgetAbort?.();
      forgetClose();
    });
  });
}
