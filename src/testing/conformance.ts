import { Opened } from "./opened.js";
import type { Runner } from "./runner.js";
import { newScope } from "./scope.js";
import type { Subject } from "./subject.js";
import { type Body, factsOf, type Needs } from "./suite.js";
import { suites } from "./suites/index.js";
import { Timed } from "./timed.js";

/**
 * The conformance suite: it registers, with the runner that is handed in, the cases that every driver has to pass.
 * They say what a user of a `Client` over this driver sees, and, where the driver contract itself promises
 * something, what the driver answers.
 *
 * Cases run in any order, side by side, or alone, against a shared store too: each has random namespaces of its own.
 *
 * @param runner - vitest's, jest's or node:test's functions.
 * @param subject - the driver, and what it cannot do.
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
  const opened = new Opened(subject);
  const timed = new Timed();
  const able = (needs: Needs): boolean => needs.every((need) => facts.cannot[need] === undefined);
  const run = (body: Body) => async (): Promise<void> => {
    await body(newScope(await opened.driver(), facts, () => opened.another()));
  };

  describe(`namestore conformance: ${subject.name}`, () => {
    for (const [topic, register] of Object.entries(suites)) {
      describe(topic, () => {
        register({
          facts,
          it: (name, body, ...needs) => {
            if (able(needs)) it(name, run(body));
          },
          timed: (name, body, ...needs) => {
            if (able(needs)) it(name, timed.add(run(body)));
          },
        });
      });
    }

    after(async () => {
      await timed.settled();
      await opened.close();
    });
  });
}
