import { BasicCheck } from "./basic-check.js";
import { DriverPool } from "./driver-pool.js";
import type { Runner } from "./runner.js";
import { newScope } from "./scope.js";
import type { Subject } from "./subject.js";
import { type Body, factsOf, type Needs } from "./suite.js";
import { suites } from "./suites/index.js";
import { withinLimit } from "./time-limit.js";
import { TimedCases } from "./timed-cases.js";
import { assertUnsupported, unsupportedBy } from "./unsupported.js";

/**
 * The conformance suite: it registers the cases that every driver must pass with a test runner. They check what a user
 * of a `Client` over this driver sees, and what the driver itself returns where the driver contract guarantees it.
 *
 * The cases may run in any order, side by side, or alone, also against a shared store: each has random namespaces of its
 * own, and removes what it stored when it ends. It needs nothing but what every JavaScript runtime has.
 *
 * Before the first case, whichever it is, a basic check opens the driver, sets a key, gets it and deletes it. Where it
 * fails, every case fails at once with its message.
 *
 * Every driver has the same cases. A case that needs what the driver does not support (see `Driver.supports`) checks
 * that the driver says so: `keys`, `scan` or `clear` reject with `NotSupportedError` and change nothing; after
 * concurrent calls of an `mSet` that is not atomic, each key by itself holds the value of one caller.
 *
 * @param runner - the functions of vitest, jest or node:test.
 * @param subject - the driver, and the limits of its store.
 *
 * @example
 * ```ts
 * import { afterAll, describe, it } from "vitest";
 * import { MemoryDriver } from "namestore";
 * import { conformance } from "namestore/testing";
 *
 * conformance({ describe, it, after: afterAll }, { name: "memory", open: () => new MemoryDriver() });
 * ```
 */
export function conformance({ describe, it, after }: Runner, subject: Subject): void {
  const facts = factsOf(subject);
  const drivers = new DriverPool(subject);
  const timedCases = new TimedCases();
  const basicCheck = new BasicCheck(drivers, facts);

  const run = (body: Body, needs: Needs) => async (): Promise<void> => {
    await basicCheck.passed();
    const recorded = await drivers.forCase();
    const { driver } = recorded;
    const scope = newScope(driver, facts, drivers.another);
    const missing = unsupportedBy(driver, needs);
    const work = async (): Promise<void> => {
      await (missing.length === 0 ? body(scope) : assertUnsupported(scope, missing)).finally(() =>
        drivers.tidyUp(recorded),
      );
    };
    await withinLimit(facts.caseLimit, work, () => recorded.pending);
  };
  const register = (name: string, body: () => Promise<void>): void =>
    void it(name, body, facts.caseLimit + RUNNER_MARGIN);

  describe(`namestore conformance: ${subject.name}`, () => {
    register("the basic check: the driver opens, sets a key, gets it and deletes it", () => basicCheck.run());

    for (const [topic, cases] of Object.entries(suites)) {
      describe(topic, () => {
        cases({
          facts,
          it: (name, body, ...needs) => register(name, run(body, needs)),
          timed: (name, body, ...needs) => register(name, timedCases.add(run(body, needs))),
        });
      });
    }

    after(async () => {
      await timedCases.settled();
      await drivers.close();
    });
  });
}

/** The runner's limit of a case is so much longer than the suite's, whose message says more. */
const RUNNER_MARGIN = 5_000;
