import { expect } from "vitest";

/** A promise that the test settles. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Lets everything that waits in this process go on: the microtasks, and a turn of the event loop. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** What the promise rejects with; fails where it resolves. */
export async function rejection<E = Error>(promise: PromiseLike<unknown>): Promise<E> {
  let error: unknown;
  let rejected = false;
  await promise.then(undefined, (reason: unknown) => {
    rejected = true;
    error = reason;
  });
  expect(rejected, "the promise should have been rejected").toBe(true);
  return error as E;
}

/** Whether the promise has settled by now. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const mark = (): void => {
    settled = true;
  };
  promise.then(mark, mark);
  await settle();
  return settled;
}
