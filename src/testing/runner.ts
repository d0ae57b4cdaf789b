/**
 * What the suite needs of a test runner. The functions of vitest, jest and node:test fit. So does a wrapper of your own,
 * such as one that gives each case more time.
 *
 * @example
 * ```ts
 * import { after, describe, it } from "node:test"; // in vitest and jest, after is afterAll
 * const runner: Runner = { describe, it, after };
 * ```
 */
export interface Runner {
  /** Groups the cases that `body` registers synchronously. */
  describe(name: string, body: () => void): unknown;
  /** Registers a case. If TTLs are whole seconds, some cases wait for three: allow ten seconds or more for each case. */
  it(name: string, body: () => Promise<void>): unknown;
  /** Runs `body` once, after the last case of the surrounding `describe`. */
  after(body: () => Promise<void>): unknown;
}
