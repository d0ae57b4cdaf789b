import { type ErrorCode, NamestoreError } from "../errors.js";
import * as assert from "./assert.js";

/**
 * Asserts that the call rejects with an error of this class that names the operation and the key, and returns the
 * error. A call that throws instead of rejecting fails.
 */
export async function rejects<E extends NamestoreError>(
  call: () => Promise<unknown>,
  expected: ErrorClass<E>,
  operation: string,
  key?: string,
): Promise<E> {
  const error = await reasonOf(call());
  assert.ok(error instanceof NamestoreError, `expected a rejection with ${expected.code}; got ${error}`);
  assert.deepEqual(
    { code: error.code, operation: error.operation, key: error.key },
    { code: expected.code, operation, key },
  );
  assert.ok(error instanceof expected);
  return error;
}

type ErrorClass<E> = (new (message: string) => E) & { readonly code: ErrorCode };

/** Returns what a promise rejects with. */
export function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (result) => assert.fail(`expected a rejection; it resolved to ${assert.show(result)}`),
    (reason: unknown) => reason,
  );
}

/** Passes an argument that the compiler would refuse. */
export function invalid(argument: unknown): never {
  return argument as never;
}

/** Asserts that both lists hold the same keys, in any order, each once. It shows only the keys that differ. */
export function sameKeys(actual: readonly string[], expected: readonly string[]): void {
  const [found, wanted] = [new Set(actual), new Set(expected)];
  assert.deepEqual(
    {
      missing: expected.filter((key) => !found.has(key)).slice(0, 10),
      unexpected: actual.filter((key) => !wanted.has(key)).slice(0, 10),
      twice: actual.filter((key, at) => actual.indexOf(key) !== at).slice(0, 10),
    },
    { missing: [], unexpected: [], twice: [] },
  );
}

/** Returns everything that an iterator yields. */
export async function collect<T>(iterator: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of iterator) all.push(each);
  return all;
}
