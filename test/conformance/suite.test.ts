import { afterAll, describe, expect, expectTypeOf, it, vi } from "vitest";
import { MemoryDriver } from "../../src/index.js";
import type { Runner } from "../../src/testing/index.js";
import { broken } from "./broken/fault.js";
import { collect } from "./collect.js";

// Some tests run all cases at the same time.
vi.setConfig({ testTimeout: 60_000 });

describe("the conformance suite", () => {
  it("accepts the functions of vitest and of node:test", () => {
    const vitest = { describe, it, after: afterAll };
    expectTypeOf<typeof vitest>().toExtend<Runner>();
    expectTypeOf<typeof import("node:test")>().toExtend<Runner>();
  });

  it("has hundreds of cases with different names", () => {
    expect(collect({ name: "memory", open: () => new MemoryDriver() }).cases.size).toBeGreaterThan(900);
  });

  it("opens nothing until a case runs", async () => {
    const open = vi.fn(() => new MemoryDriver());
    await collect({ name: "memory", open }).finish();
    expect(open).not.toHaveBeenCalled();
  });

  it("ends every case, whatever the driver does", async () => {
    const returnsNull = broken({
      caughtBy: "",
      breaks: (memory) => ({ get: (prefix, key) => memory.get(prefix, key) ?? (null as never) }),
    });
    const { cases, finish } = collect({ name: "null", open: () => returnsNull });
    const outcomes = await Promise.all(
      [...cases.values()].map((run) =>
        run().then(
          () => "passed",
          () => "failed",
        ),
      ),
    );
    await finish();
    expect(new Set(outcomes)).toEqual(new Set(["passed", "failed"]));
  });

  it("passes when all cases run at the same time", async () => {
    const { cases, finish } = collect({ name: "memory", open: () => new MemoryDriver() });
    const failed: string[] = [];
    await Promise.all([...cases].map(([title, run]) => run().catch(() => failed.push(title))));
    await finish();
    expect(failed).toEqual([]);
  });

  it("opens one driver for all cases, leaves nothing in it, and closes it", async () => {
    const memory = new MemoryDriver();
    const prefixes = new Set<string>();
    const set = vi.spyOn(memory, "set").mockImplementation((prefix, ...rest) => {
      prefixes.add(prefix);
      MemoryDriver.prototype.set.call(memory, prefix, ...rest);
    });
    const open = vi.fn(() => memory);
    // It stays open, so that the test can list its keys.
    const close = vi.spyOn(memory, "close").mockImplementation(() => {});
    const { cases, finish } = collect({ name: "memory", open });
    for (const [name, run] of cases) if (name.startsWith("basic >") || name.startsWith("batch >")) await run();
    await finish();

    expect(open).toHaveBeenCalledTimes(1);
    expect(close).toHaveBeenCalledTimes(1);
    expect(set).toHaveBeenCalled();
    expect(prefixes.size).toBeGreaterThan(10);
    for (const prefix of prefixes) {
      for await (const keys of memory.scan(prefix, { source: "*", prefix: "", matches: () => true })) {
        expect(keys).toEqual([]);
      }
    }
  });

  it("runs any case alone, and waits at the end for everything it started", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    // A driver on which every case fails, including those that nobody awaits.
    const memory = new MemoryDriver();
    memory.close();
    const { cases, finish } = collect({ name: "closed", open: () => memory });
    await expect(cases.get("expiry > keys expire independently")?.()).rejects.toThrow("closed");
    await finish();
    await new Promise(setImmediate);
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it("fails the cases and the run if the driver does not open", async () => {
    const { cases, finish } = collect({ name: "down", open: () => Promise.reject(new Error("connection refused")) });
    await expect(cases.get("basic > set replaces the value")?.()).rejects.toThrow("connection refused");
    await expect(finish()).rejects.toThrow("connection refused");
  });
});
