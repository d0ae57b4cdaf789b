/**
 * What the suite needs of a test runner. The functions of vitest, jest and node:test fit as they are; so does a
 * wrapper of your own, such as one that gives each case more time.
 *
 * @example
 * ```ts
 * import { after, describe, it } from "node:test"; // in vitest and jest, after is afterAll
 * const runner: Runner = { describe, it, after };
 * ```
 */
export interface Runner {
  /** Groups the cases that `body` registers, at once. */
  describe(name: string, body: () => void): unknown;
  /** Registers a case. Where TTLs are whole seconds some wait for three of them: give each case ten or more. */
  it(name: string, body: () => Promise<void>): unknown;
  /** Runs `body` once, after the last case of the `describe` around it. */
  after(body: () => Promise<void>): unknown;
}
