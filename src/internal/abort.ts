/**
 * Runs `callback` when the signal is aborted. All callbacks of a signal share one listener: a signal that a whole service
 * shares would otherwise collect thousands, and Node would warn of a leak.
 *
 * @returns a function that removes the callback.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let callbacks = waiting.get(signal);
  if (callbacks === undefined) {
    callbacks = new Set();
    waiting.set(signal, callbacks);
    signal.addEventListener("abort", notify, { once: true });
  }
  const registered = callbacks;
  registered.add(callback);
  return () => {
    if (!registered.delete(callback) || registered.size > 0) return;
    signal.removeEventListener("abort", notify);
    waiting.delete(signal);
  };
}

/** The callbacks of each signal. Its listener is removed with the last of them. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

function notify({ target }: Event): void {
  // The target of its own event. Not `this`, which older versions of workerd leave undefined.
  const signal = target as AbortSignal;
  // A signal has callbacks as long as it has this listener.
  const callbacks = waiting.get(signal) as Set<() => void>;
  waiting.delete(signal);
  for (const callback of callbacks) callback();
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
