import { conformance, type Subject } from "../../src/testing/index.js";

/** Collects the cases of the conformance suite without running them. */
export function collect(subject: Subject): Collected {
  const cases = new Map<string, () => Promise<void>>();
  const path: string[] = [];
  let after = async (): Promise<void> => {};
  conformance(
    {
      describe(name, body) {
        path.push(name);
        body();
        path.pop();
      },
      it(name, body) {
        const title = [...path.slice(1), name].join(" > ");
        if (cases.has(title)) throw new Error(`two cases have the name ${title}`);
        cases.set(title, body);
      },
      after(body) {
        after = body;
      },
    },
    subject,
  );
  return { cases, finish: () => after() };
}

/** The cases of a subject by name, such as `"basic > set replaces the value"`, for a test to run. */
export interface Collected {
  readonly cases: ReadonlyMap<string, () => Promise<void>>;
  /** Runs what the suite does after the last case. */
  finish(): Promise<void>;
}
