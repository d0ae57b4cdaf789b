import { afterAll, describe, expect, it } from "vitest";
import { type CallOptions, ForwardingDriver, MemoryDriver } from "../../src/index.js";
import { conformance } from "../../src/testing/index.js";
import { LimitedDriver, limits } from "./limited-driver.js";

const runner = { describe, it, after: afterAll };

conformance(runner, { name: "forwarding to memory", open: () => new ForwardingDriver(new MemoryDriver()) });

conformance(runner, {
  name: "forwarding to limited",
  open: () => new ForwardingDriver(new LimitedDriver()),
  ...limits,
});

let reads = 0;

/** Counts reads, and returns them with a promise. */
class CountingDriver extends ForwardingDriver {
  override async get(prefix: string, key: string, options?: CallOptions) {
    reads++;
    return await super.get(prefix, key, options);
  }
}

conformance(runner, { name: "forwarding, get overridden", open: () => new CountingDriver(new MemoryDriver()) });

it("the suite calls the method that a subclass overrides", () => {
  expect(reads).toBeGreaterThan(100);
});
