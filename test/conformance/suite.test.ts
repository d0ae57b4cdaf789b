import { afterAll, describe, expect, expectTypeOf, it, vi } from "vitest";
import { MemoryDriver } from "../../src/index.js";
import { conformance, type Runner } from "../../src/testing/index.js";
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

  it("keeps no data of a case that has ended", async () => {
    const memory = new MemoryDriver();
    const close = vi.spyOn(memory, "close").mockImplementation(() => {});
    const { cases, finish } = collect({ name: "memory", open: () => memory });
    const topics = /^(batch|counters|listing|limits|names|values) >/;
    for (const [title, run] of cases) {
      if (!topics.test(title)) continue;
      await run();
      expect(memory.stats().entries, title).toBe(0);
    }
    await finish();
    expect(close).toHaveBeenCalledTimes(1);
  });

  it("removes what a case stored where mDel fails", async () => {
    const memory = new MemoryDriver();
    vi.spyOn(memory, "mDel").mockImplementation(() => {
      throw new Error("mDel is broken");
    });
    const { cases, finish } = collect({ name: "memory", open: () => memory });
    await cases.get("batch > mSet stores a thousand keys")?.();
    expect(memory.stats().entries).toBe(0);
    await finish();
  });

  it("fails every case at once, with one message, if the basic check fails", async () => {
    const memory = new MemoryDriver();
    const get = vi.spyOn(memory, "get").mockReturnValue("another value");
    const { cases, finish } = collect({ name: "broken", open: () => memory });
    const reasons = new Set<string>();
    for (const [title, run] of cases) {
      if (title === BASIC_CHECK) continue;
      await run().catch((error: Error) => reasons.add(error.message));
    }
    expect([...reasons]).toEqual(['the basic check failed: set stored "value", and get returned "another value"']);
    expect(get).toHaveBeenCalledTimes(1);
    await expect(cases.get(BASIC_CHECK)?.()).rejects.toThrow(/^set stored "value"/);
    expect([...cases.keys()][0]).toBe(BASIC_CHECK);
    await finish();
  });

  it("ends a case at its limit, and names the calls that are pending", async () => {
    const memory = new MemoryDriver();
    const never = new Promise<never>(() => {});
    vi.spyOn(memory, "mSet").mockReturnValue(never as never);
    vi.spyOn(memory, "scan").mockImplementation(async function* () {
      yield await never;
    });
    const { cases, finish } = collect({ name: "hanging", open: () => memory, caseLimit: 50 });
    const ending = (calls: string) =>
      `the case did not end within its limit of 50 ms (caseLimit of the subject); pending calls of the driver: ${calls}`;
    await expect(cases.get("batch > mSet replaces values and does not change other keys")?.()).rejects.toThrow(
      ending("mSet"),
    );
    await expect(cases.get("concurrency > concurrent mSet leave all values of one caller")?.()).rejects.toThrow(
      ending("mSet (10)"),
    );
    await expect(cases.get("listing > an empty namespace has no keys")?.()).rejects.toThrow(ending("scan"));
    await finish();
  });

  it("ends at its limit where the driver does not open, and says so", async () => {
    const { cases } = collect({ name: "hanging", open: () => new Promise(() => {}), caseLimit: 50 });
    await expect(cases.get("basic > set replaces the value")?.()).rejects.toThrow(
      /^the basic check failed: .* pending calls of the driver: open$/,
    );
  });

  it("names the call of the basic check that is pending, and a reason that is no error", async () => {
    const memory = new MemoryDriver();
    vi.spyOn(memory, "set").mockReturnValue(new Promise<never>(() => {}) as never);
    const hanging = collect({ name: "hanging", open: () => memory, caseLimit: 50 });
    await expect(hanging.cases.get(BASIC_CHECK)?.()).rejects.toThrow(/pending calls of the driver: set$/);
    const down = collect({ name: "down", open: () => Promise.reject("refused") });
    await expect(down.cases.get("basic > set replaces the value")?.()).rejects.toThrow(
      'the basic check failed: "refused"',
    );
  });

  it("says that no call is pending where a case waits for something else", async () => {
    let opened = 0;
    const open = () => (opened++ === 0 ? new MemoryDriver() : new Promise<never>(() => {}));
    const { cases } = collect({ name: "hanging", open, caseLimit: 50 });
    await expect(cases.get("seam > close can be called again")?.()).rejects.toThrow(
      /pending calls of the driver: none$/,
    );
  });

  it("accepts a listing that cannot be ended early", async () => {
    const memory = new MemoryDriver();
    const { scan } = MemoryDriver.prototype;
    vi.spyOn(memory, "scan").mockImplementation((...argv) => {
      const steps = scan.apply(memory, argv);
      return { [Symbol.asyncIterator]: () => ({ next: () => steps.next() }) } as never;
    });
    const { cases, finish } = collect({ name: "memory", open: () => memory });
    await cases.get("listing > a scan can be ended early and started again")?.();
    await finish();
  });

  it("tells the runner to allow more than its own limit", () => {
    const timeouts = new Set<number>();
    const it = (_: string, __: unknown, timeout: number): unknown => timeouts.add(timeout);
    const runner: Runner = { describe: (_, body) => body(), it, after: () => {} };
    conformance(runner, { name: "memory", open: () => new MemoryDriver() });
    conformance(runner, { name: "memory", open: () => new MemoryDriver(), caseLimit: 60_000 });
    expect([...timeouts]).toEqual([35_000, 65_000]);
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

const BASIC_CHECK = "the basic check: the driver opens, sets a key, gets it and deletes it";
