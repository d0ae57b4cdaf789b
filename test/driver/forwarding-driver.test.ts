import { describe, expect, it, vi } from "vitest";
import type { Awaitable, Driver } from "../../src/driver/driver.js";
import type { DriverMethod } from "../../src/driver/driver-method.js";
import { ForwardingDriver } from "../../src/driver/forwarding-driver.js";
import { InvalidArgumentError } from "../../src/errors.js";
import { parsePattern } from "../../src/glob.js";
import { MemoryDriver } from "../../src/memory/memory-driver.js";
import { recording } from "../support/driver.js";

const options = { signal: new AbortController().signal };

/** The arguments of a call of each method. */
const ARGUMENTS: { [K in DriverMethod]: Parameters<NonNullable<Driver[K]>> } = {
  get: ["a:b:", "key", options],
  set: ["a:b:", "key", "value", 5, options],
  setNX: ["a:b:", "key", "value", 5, options],
  delete: ["a:b:", "key", options],
  exists: ["a:b:", "key", options],
  mGet: ["a:b:", ["key", "other"], options],
  mSet: ["a:b:", [["key", "value"]], 5, options],
  mDel: ["a:b:", ["key", "other"], options],
  ttl: ["a:b:", "key", options],
  expire: ["a:b:", "key", 5, options],
  persist: ["a:b:", "key", options],
  incr: ["a:b:", "key", 2, 5, options],
  getSet: ["a:b:", "key", "value", 5, true, options],
  compareAndSwap: ["a:b:", "key", "old", "new", 5, true, options],
  compareAndDelete: ["a:b:", "key", "old", options],
  scan: ["a:b:", parsePattern("*"), options],
  clear: ["a:b:", options],
  close: [],
};

/** A memory driver without the optional methods. */
function required(): Driver {
  return Object.defineProperty(new MemoryDriver(), "close", { value: undefined });
}

describe("a ForwardingDriver", () => {
  it.each(Object.entries(ARGUMENTS))("forwards %s with all its arguments, and returns its result", (method, args) => {
    const result = {};
    const { driver: inner, calls } = recording(() => result);
    const driver = new ForwardingDriver(inner);
    expect(Reflect.apply(Reflect.get(driver, method), driver, args)).toBe(result);
    expect(calls.map((call) => [call.method, call.args])).toEqual([[method, args]]);
  });

  it("throws what the inner driver throws", () => {
    const failure = new Error("odd");
    const { driver: inner } = recording(() => {
      throw failure;
    });
    expect(() => new ForwardingDriver(inner).get("a:b:", "key")).toThrow(failure);
  });

  it("has the name of the inner driver and what it supports", () => {
    const supports = { scan: false };
    const inner = Object.assign(new MemoryDriver(), { supports });
    expect(new ForwardingDriver(inner)).toMatchObject({ name: "memory", supports });
    expect(new ForwardingDriver(new MemoryDriver()).supports).toBeUndefined();
  });

  it("has an optional method only if the inner driver has it", () => {
    expect(new ForwardingDriver(new MemoryDriver()).close).toBeTypeOf("function");
    expect(new ForwardingDriver(required()).close).toBeUndefined();
    expect(new ForwardingDriver(new ForwardingDriver(required())).close).toBeUndefined();
  });

  it("closes the inner driver at the end of await using, where it can be closed", async () => {
    const { driver: inner, calls } = recording();
    await new ForwardingDriver(inner)[Symbol.asyncDispose]();
    expect(calls.map(({ method }) => method)).toEqual(["close"]);
    await expect(new ForwardingDriver(required())[Symbol.asyncDispose]()).resolves.toBeUndefined();
  });

  it("runs the close of a subclass at the end of await using", async () => {
    const closed = vi.fn(() => Promise.reject(new Error("odd")));
    class Closing extends ForwardingDriver {
      override close = closed;
    }
    await expect(new Closing(required())[Symbol.asyncDispose]()).rejects.toThrow("odd");
    expect(closed).toHaveBeenCalledTimes(1);
  });

  it.each([
    ["undefined", undefined, "inner is undefined; allowed is an object with get, set, setNX, "],
    ["a number", 5, "inner is a number; allowed is an object with get, "],
    ["a Map", new Map(), "inner is an object without the method setNX; allowed is an object with get, "],
    ["a class", MemoryDriver, "inner is a function; allowed is an object with get, "],
    ["a promise", Promise.resolve(new MemoryDriver()), "inner is a promise; await it"],
    ["a driver without a name", Object.assign(new MemoryDriver(), { name: "" }), 'inner.name is ""; allowed is '],
  ])("refuses %s as its inner driver, and says what was given", (_name, given, message) => {
    expect(() => new ForwardingDriver(given as never)).toThrow(InvalidArgumentError);
    expect(() => new ForwardingDriver(given as never)).toThrow(message);
  });

  it("lets a subclass override single methods, and its name", async () => {
    class Shouting extends ForwardingDriver {
      override readonly name = "shouting";
      override async get(prefix: string, key: string) {
        return String(await super.get(prefix, key)).toUpperCase();
      }
    }
    const driver = new Shouting(new MemoryDriver());
    await driver.set("a:b:", "key", "value", 0);
    expect(await driver.get("a:b:", "key")).toBe("VALUE");
    expect(await driver.mGet("a:b:", ["key"])).toEqual(["value"]);
    expect(driver.name).toBe("shouting");
  });

  it("lets a subclass add an optional method that the inner driver lacks", async () => {
    const closed = vi.fn();
    class ByMethod extends ForwardingDriver {
      override close(): Awaitable<void> {
        closed();
        return super.close?.();
      }
    }
    class ByField extends ForwardingDriver {
      override close = closed;
    }
    for (const Subclass of [ByMethod, ByField]) await new Subclass(required()).close();
    expect(closed).toHaveBeenCalledTimes(2);
  });
});
