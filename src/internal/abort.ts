/**
 * Runs `callback` when the signal is aborted. All callbacks of a signal share one listener: a signal that a whole service
 * shares would otherwise collect thousands, and Node would warn of a leak.
 *
 * @returns a function that removes the callback.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const found = waiting.get(signal) ?? listen(signal);
  const { callbacks, listener } = found;
  callbacks.add(callback);
  return () => {
    if (!callbacks.delete(callback) || callbacks.size > 0) return;
    signal.removeEventListener("abort", listener);
    if (waiting.get(signal) === found) waiting.delete(signal);
  };
}

/** The callbacks of each signal. Its listener is removed with the last of them. */
const waiting = new WeakMap<AbortSignal, Waiting>();

interface Waiting {
  readonly callbacks: Set<() => void>;
  /** A function for each signal: some runtimes call listeners without `this`. */
  readonly listener: () => void;
}

function listen(signal: AbortSignal): Waiting {
  const callbacks = new Set<() => void>();
  const listener = (): void => {
    waiting.delete(signal);
    for (const callback of callbacks) callback();
  };
  signal.addEventListener("abort", listener, { once: true });
  const added = { callbacks, listener };
  waiting.set(signal, added);
  return added;
}

/** Settles as the promise does, or rejects with `signal.reason` if the signal is aborted first. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    // It may have been aborted since the call was admitted: then no event follows.
    if (signal.aborted) reject(signal.reason);
    const forget = onAbort(signal, () => reject(signal.reason));
    promise.then(resolve, reject).finally(forget);
  });
}
