import { expect } from "vitest";

/** Creates a promise that the test settles. */
export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** A promise that the test settles. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** Waits until all microtasks have run, and some turns of the event loop. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Returns what the promise rejects with. Fails the test if it resolves. */
export async function rejection<E = Error>(promise: PromiseLike<unknown>): Promise<E> {
  let error: unknown;
  let rejected = false;
  await promise.then(undefined, (reason: unknown) => {
    rejected = true;
    error = reason;
  });
  expect(rejected, "the promise should have been rejected").toBe(true);
  // The caller says which error it expects, and checks it.
  return error as E;
}

/** Returns whether the promise is settled after some turns of the event loop. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const markSettled = (): void => {
    settled = true;
  };
  promise.then(markSettled, markSettled);
  await settle();
  return settled;
}
