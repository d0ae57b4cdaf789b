import { TimeoutError } from "../errors.js";
import { afterReads, startTimer, stopTimer, type Timer } from "./clock.js";

/**
 * The promise, or a `TimeoutError` after so many milliseconds: for what happens before a call is sent. Time in which the
 * event loop was blocked does not count in full: what arrived meanwhile has to be read first.
 */
export function within<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: Timer | undefined;
    // In slices: however long the loop is blocked, no more than the slice in progress is lost.
    const wait = (left: number): void => {
      const slice = Math.min(left, Math.ceil(milliseconds / SLICES));
      timer = startTimer(() => (left > slice ? wait(left - slice) : afterReads(expire)), slice);
    };
    const expire = (): void => {
      reject(new TimeoutError(`no connection within ${Math.ceil(milliseconds)} ms`, { outcome: "not-applied" }));
    };
    wait(milliseconds);
    promise.then(resolve, reject).finally(() => stopTimer(timer));
  });
}

const SLICES = 4;
