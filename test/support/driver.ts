import type { Driver } from "../../src/driver/driver.js";
import { MemoryDriver } from "../../src/memory/memory-driver.js";

export type Method = Exclude<keyof Driver, "name">;

/** A call as it reaches the driver. */
export interface Call {
  readonly method: Method;
  readonly args: readonly unknown[];
  /** Passes the call on to the memory driver, and gives its answer. */
  pass(): unknown;
}

/** A memory driver, every call of which goes through `intercept`. */
export function driverWhere(intercept: (call: Call) => unknown): Driver {
  return new Proxy(new MemoryDriver(), {
    get(store, property) {
      const member: unknown = Reflect.get(store, property, store);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) =>
        intercept({ method: property as Method, args, pass: () => Reflect.apply(member, store, args) as unknown });
    },
  });
}

/** Answers at once, as the memory driver does. */
export function atOnce(call: Call): unknown {
  return call.pass();
}

/** Answers with a promise, a turn of the event loop later; throws as a rejection. */
export function later(call: Call): unknown {
  if (call.method === "scan") return call.pass();
  return new Promise((resolve) => setImmediate(resolve)).then(() => call.pass());
}

/** Both ways in which a driver may answer. */
export const ANSWERS = [
  ["at once", atOnce],
  ["with a promise", later],
] as const;

/** A driver that keeps a list of what it was asked. */
export function recording(answer: (call: Call) => unknown = atOnce): { driver: Driver; calls: Call[] } {
  const calls: Call[] = [];
  const driver = driverWhere((call) => {
    calls.push(call);
    return answer(call);
  });
  return { driver, calls };
}

/** A driver whose every operation fails with `error`: thrown, or as a rejection. */
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
