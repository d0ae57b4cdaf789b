import { TimeoutError } from "../errors.js";

/** The promise, or a `TimeoutError` after so many milliseconds: for what happens before a call is sent. */
export function within<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new TimeoutError(`no connection within ${milliseconds} ms`, { outcome: "not-applied" })),
      milliseconds,
    ).unref();
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
