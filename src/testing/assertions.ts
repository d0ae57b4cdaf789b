import assert from "node:assert/strict";
import { type ErrorCode, NamestoreError } from "../errors.js";

type ErrorClass = (new (message: string) => NamestoreError) & { readonly code: ErrorCode };

/**
 * Asserts that the call rejects with an error of this class that names the operation and the key, and gives it.
 * A call that throws, and does not reject, fails.
 */
export async function rejects(
  call: () => Promise<unknown>,
  expected: ErrorClass,
  operation: string,
  key?: string,
): Promise<NamestoreError> {
  const error = await reasonOf(call());
  assert.ok(error instanceof NamestoreError, `it rejects with no error of namestore's, but with ${error}`);
  assert.deepEqual([error.code, error.operation, error.key], [expected.code, operation, key]);
  assert.ok(error instanceof expected);
  return error;
}

/** What a promise rejects with. */
export function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.fail("it resolved; expected was a rejection"),
    (reason: unknown) => reason,
  );
}

/** Asserts that both lists hold the same keys, in any order, each once. Of thousands it shows those that differ. */
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

/** What an iterator gives, up to its end. */
export async function collect<T>(iterator: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of iterator) all.push(each);
  return all;
}
