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
  /**
   * Registers a case. `timeout` is how long the runner has to allow it, in milliseconds: a little longer than the suite's
   * own limit, `caseLimit` of the subject. Vitest, jest and Bun take it as the third argument. node:test ignores it, and
   * has no limit by default.
   */
  it(name: string, body: () => Promise<void>, timeout: number): unknown;
  /** Runs `body` once, after the last case of the surrounding `describe`. */
  after(body: () => Promise<void>): unknown;
}
