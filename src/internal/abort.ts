/** Whoever waits on a signal: one listener serves them all, and goes with the last of them. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Runs `callback` when the signal fires. One listener a signal, however many calls share it: a signal of a whole
 * service would otherwise collect thousands, and Node warn of a leak.
 *
 * @returns a function that takes the callback back.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let callbacks = waiting.get(signal);
  if (callbacks === undefined) {
    callbacks = new Set();
    waiting.set(signal, callbacks);
    signal.addEventListener("abort", notify, { once: true });
  }
  const mine = callbacks;
  mine.add(callback);
  return () => {
    if (!mine.delete(callback) || mine.size > 0) return;
    signal.removeEventListener("abort", notify);
    waiting.delete(signal);
  };
}

function notify(this: AbortSignal): void {
  const callbacks = waiting.get(this) as Set<() => void>;
  waiting.delete(this);
  for (const callback of callbacks) callback();
}

/** The promise, or a rejection with `signal.reason` if the signal fires first. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    // It may have fired since the call was admitted, and fires no more.
    if (signal.aborted) reject(signal.reason);
    const forget = onAbort(signal, () => reject(signal.reason));
    promise.then(resolve, reject).finally(forget);
  });
}
