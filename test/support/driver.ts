import type { Driver } from "../../src/driver/driver.js";
import type { DriverMethod } from "../../src/driver/driver-method.js";
import { MemoryDriver } from "../../src/memory/memory-driver.js";

/** Returns a memory driver whose calls all pass through `intercept`. */
export function driverWhere(intercept: (call: Call) => unknown): Driver {
  return new Proxy(new MemoryDriver(), {
    get(store, property) {
      const member: unknown = Reflect.get(store, property, store);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) =>
        intercept({
          // Every function of a driver is a method of the contract, but for `stats`.
          method: property as DriverMethod,
          args,
          pass: () => Reflect.apply(member, store, args) as unknown,
        });
    },
  });
}

/** A call as it reaches the driver. */
export interface Call {
  readonly method: DriverMethod;
  readonly args: readonly unknown[];
  /** Passes the call on to the memory driver, and returns its result. */
  pass(): unknown;
}

/** Returns the result directly, as the memory driver does. */
export function atOnce(call: Call): unknown {
  return call.pass();
}

/** Returns a promise, which settles one turn of the event loop later. What the memory driver throws is a rejection. */
export function later(call: Call): unknown {
  if (call.method === "scan") return call.pass();
  return new Promise((resolve) => setImmediate(resolve)).then(() => call.pass());
}

/** Both ways in which a driver may answer. */
export const ANSWERS = [
  ["at once", atOnce],
  ["with a promise", later],
] as const;

/** Returns a driver that records its calls, and those calls. */
export function recording(answer: (call: Call) => unknown = atOnce): { driver: Driver; calls: Call[] } {
  const calls: Call[] = [];
  const driver = driverWhere((call) => {
    calls.push(call);
    return answer(call);
  });
  return { driver, calls };
}

/** Returns a driver whose every operation fails with `error`: it throws, or rejects. */
export function failing(error: unknown, how: "throws" | "rejects" = "throws"): Driver {
  return driverWhere((call) => {
    if (call.method === "scan") return failingScan(error);
    if (how === "rejects") return Promise.reject(error);
    throw error;
  });
}

// biome-ignore lint/correctness/useYield: it fails before the first batch.
async function* failingScan(error: unknown): AsyncGenerator<string[]> {
  throw error;
}
