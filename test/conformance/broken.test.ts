import { describe, expect, it, vi } from "vitest";
import { MemoryDriver } from "../../src/index.js";
import { broken } from "./broken/fault.js";
import { faults } from "./broken-drivers.js";
import { collect } from "./collect.js";

// Hundreds of cases run side by side.
vi.setConfig({ testTimeout: 60_000 });

/** Runs one case by itself, and returns whether it passed. */
async function outcome(open: () => ReturnType<typeof broken>, { declares, caughtBy }: (typeof faults)[string]) {
  const { cases, finish } = collect({ name: "broken", open, ...declares });
  const run = cases.get(caughtBy);
  if (run === undefined) throw new Error(`there is no case ${caughtBy}`);
  const result = await run().then(
    () => "passed",
    // The case itself has to fail: the check before the first case must leave finer faults to it.
    ({ message }: Error) => (message.startsWith("the basic check") ? message : "failed"),
  );
  await finish();
  return result;
}

describe.concurrent("the suite catches a driver that", () => {
  it.for(Object.entries(faults))("%s", async ([, fault]) => {
    expect(await outcome(() => broken(fault), fault)).toBe("failed");
    // The case fails because of the fault, and passes on the driver behind it.
    if (fault.declares === undefined) expect(await outcome(() => new MemoryDriver(), fault)).toBe("passed");
  });
});
