import { mock } from "node:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Client } from "../../src/client/client.js";
import { text } from "../../src/codec/text.js";

const open = () => new Client("app", "notes", { codec: text });

/** Expects an entry to expire when the clock moves. */
async function expectExpiration(pass: (milliseconds: number) => void): Promise<void> {
  const client = open();
  await client.set("a", "one", { ttl: "1s" });
  pass(999);
  expect(await client.ttl("a")).toBe(1);
  expect(await client.get("a")).toBe("one");
  pass(1);
  expect(await client.find("a")).toBeUndefined();
  expect(await client.keys()).toEqual([]);
}

describe("the clock of the memory driver", () => {
  afterEach(() => {
    vi.useRealTimers();
    mock.timers.reset();
  });

  it("is moved by vitest's timers", async () => {
    vi.useFakeTimers();
    await expectExpiration((milliseconds) => vi.advanceTimersByTime(milliseconds));
  });

  it("is moved by vitest's system time", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    await expectExpiration((milliseconds) => vi.setSystemTime(Date.now() + milliseconds));
  });

  it("is moved by the timers of node:test", async () => {
    mock.timers.enable({ apis: ["Date", "setTimeout"], now: 1_000 });
    await expectExpiration((milliseconds) => mock.timers.tick(milliseconds));
  });

  it("is moved by timers that were faked after the client was created", async () => {
    const client = open();
    await client.set("a", "one", { ttl: "1h" });
    vi.useFakeTimers();
    vi.advanceTimersByTime(3_600_000);
    expect(await client.find("a")).toBeUndefined();
  });

  it("is the real one by default", async () => {
    const client = open();
    await client.set("a", "one", { ttl: 20 });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(await client.find("a")).toBeUndefined();
  });

  it("needs no timer, which could keep the process alive", async () => {
    const timeout = vi.spyOn(globalThis, "setTimeout");
    const interval = vi.spyOn(globalThis, "setInterval");
    const client = open();
    await client.set("a", "one", { ttl: "1s" });
    await client.expire("a", "2s");
    await client.incr("n", 1, { ttl: "1s" });
    expect(timeout).not.toHaveBeenCalled();
    expect(interval).not.toHaveBeenCalled();
    timeout.mockRestore();
    interval.mockRestore();
  });
});
