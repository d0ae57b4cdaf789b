import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Client } from "../../src/client/client.js";
import { text } from "../../src/codec/text.js";
import type { CallOptions } from "../../src/driver/driver.js";
import { type Call, driverWhere, later, recording } from "../support/driver.js";
import { recordingLogger } from "../support/log.js";
import { deferred, rejection, settle } from "../support/promises.js";

type Abortable = (client: Client<string, string>, options: CallOptions) => Promise<unknown>;

const CALLS: [string, Abortable][] = [
  ["set", (client, options) => client.set("a", "x", options)],
  ["setNX", (client, options) => client.setNX("a", "x", options)],
  ["get", (client, options) => client.get("a", options)],
  ["find", (client, options) => client.find("a", options)],
  ["delete", (client, options) => client.delete("a", options)],
  ["exists", (client, options) => client.exists("a", options)],
  ["mGet", (client, options) => client.mGet(["a"], options)],
  ["mSet", (client, options) => client.mSet({ a: "x" }, options)],
  ["mDel", (client, options) => client.mDel(["a"], options)],
  ["ttl", (client, options) => client.ttl("a", options)],
  ["expire", (client, options) => client.expire("a", 5, options)],
  ["persist", (client, options) => client.persist("a", options)],
  ["incr", (client, options) => client.incr("a", 1, options)],
  ["decr", (client, options) => client.decr("a", 1, options)],
  ["getSet", (client, options) => client.getSet("a", "x", options)],
  ["compareAndSwap", (client, options) => client.compareAndSwap("a", "x", "y", options)],
  ["compareAndDelete", (client, options) => client.compareAndDelete("a", "x", options)],
  ["getOrSet", (client, options) => client.getOrSet("a", () => "x", options)],
  ["keys", (client, options) => client.keys("*", options)],
  ["scan", (client, options) => client.scan("*", options).next()],
  ["clear", (client, options) => client.clear(options)],
];

const unhandled: unknown[] = [];
const note = (reason: unknown): void => {
  unhandled.push(reason);
};
beforeEach(() => {
  unhandled.length = 0;
  process.on("unhandledRejection", note);
});
afterEach(async () => {
  await settle();
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

/** A driver whose every answer waits for the gate. */
function gated() {
  const gate = deferred();
  const driver = driverWhere((call: Call) =>
    call.method === "scan"
      ? (async function* () {
          await gate.promise;
          yield [];
        })()
      : gate.promise.then(() => call.pass()),
  );
  return { gate, driver };
}

describe("an abort before the call", () => {
  it.each(CALLS)("rejects %s with the signal's reason and does not call the driver", async (_name, call) => {
    const { driver, calls } = recording();
    const { logger, lines } = recordingLogger();
    const client = new Client("app", "notes", { driver, codec: text, logger });
    const reason = { any: "thing" };
    expect(await rejection(call(client, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(calls).toEqual([]);
    expect(lines).toEqual([]);
  });
});

describe("an abort during the call", () => {
  it.each(CALLS)("rejects %s with the signal's reason at once, and discards the reply", async (_name, call) => {
    const { gate, driver } = gated();
    const { logger, lines } = recordingLogger();
    const client = new Client("app", "notes", { driver, codec: text, logger });
    const controller = new AbortController();
    const caller = call(client, { signal: controller.signal });
    await settle();
    controller.abort(new Error("enough"));
    expect(await rejection(caller)).toBe(controller.signal.reason);
    gate.resolve();
    await settle();
    expect(lines).toEqual([]);
  });

  it.each(CALLS)("ignores a later failure of %s", async (name, call) => {
    const { gate, driver } = gated();
    const { logger, lines } = recordingLogger();
    const client = new Client("app", "notes", { driver, codec: text, logger });
    const controller = new AbortController();
    const caller = call(client, { signal: controller.signal });
    await settle();
    controller.abort("enough");
    expect(await rejection(caller)).toBe("enough");
    gate.reject(new Error("late"));
    await settle();
    if (name !== "getOrSet") expect(lines).toEqual([]);
  });

  it("ignores a later value that does not decode", async () => {
    const gate = deferred<Uint8Array>();
    const { logger, lines } = recordingLogger();
    const client = new Client("app", "notes", { driver: driverWhere(() => gate.promise), codec: text, logger });
    const controller = new AbortController();
    const caller = client.find("a", { signal: controller.signal });
    controller.abort("enough");
    expect(await rejection(caller)).toBe("enough");
    gate.resolve(Uint8Array.of(0xff));
    await settle();
    expect(lines).toEqual([]);
  });

  it("lets a write that was already under way take effect", async () => {
    const { gate, driver } = gated();
    const client = new Client("app", "notes", { driver, codec: text });
    const controller = new AbortController();
    const caller = client.set("a", "written", { signal: controller.signal });
    controller.abort();
    expect(await rejection<DOMException>(caller)).toMatchObject({ name: "AbortError" });
    gate.resolve();
    expect(await client.get("a")).toBe("written");
  });

  it("reaches the driver through the signal, so that it can withdraw what is queued", async () => {
    const { driver, calls } = recording(later);
    const client = new Client("app", "notes", { driver, codec: text });
    const controller = new AbortController();
    const caller = client.find("a", { signal: controller.signal });
    const signal = (calls[0]?.args.at(-1) as CallOptions | undefined)?.signal;
    expect(signal?.aborted).toBe(false);
    controller.abort();
    expect(signal?.aborted).toBe(true);
    await rejection(caller);
  });

  it("ends only the calls with this signal", async () => {
    const { gate, driver } = gated();
    const client = new Client("app", "notes", { driver, codec: text });
    const [mine, yours] = [new AbortController(), new AbortController()];
    const callers = [
      client.exists("a", { signal: mine.signal }),
      client.exists("a", { signal: yours.signal }),
      client.exists("a"),
    ];
    mine.abort("enough");
    expect(await rejection(callers[0] as Promise<boolean>)).toBe("enough");
    gate.resolve();
    expect(await Promise.all(callers.slice(1))).toEqual([false, false]);
  });

  it("works with AbortSignal.timeout and AbortSignal.any", async () => {
    const { driver } = gated();
    const client = new Client("app", "notes", { driver, codec: text });
    const controller = new AbortController();
    const any = client.find("a", { signal: AbortSignal.any([controller.signal]) });
    const timeout = client.find("a", { signal: AbortSignal.timeout(1) });
    controller.abort("enough");
    expect(await rejection(any)).toBe("enough");
    expect(await rejection(timeout)).toMatchObject({ name: "TimeoutError" });
  });

  it("rejects the call if the signal fires while the driver is called", async () => {
    const controller = new AbortController();
    const silent = deferred();
    const driver = driverWhere(() => {
      controller.abort("enough");
      return silent.promise;
    });
    const client = new Client("app", "notes", { driver });
    expect(await rejection(client.find("a", { signal: controller.signal }))).toBe("enough");
    silent.resolve();
  });

  it("uses the signal that was passed, even if the options object is changed later", async () => {
    const { gate, driver } = gated();
    const client = new Client("app", "notes", { driver, codec: text });
    for (const [, call] of CALLS) {
      const controller = new AbortController();
      const options: CallOptions = { signal: controller.signal };
      const caller = call(client, options);
      options.signal = AbortSignal.abort("another");
      await settle();
      controller.abort("enough");
      expect(await rejection(caller)).toBe("enough");
    }
    gate.resolve();
  });

  it("wins over a failure in the same turn of the event loop", async () => {
    const controller = new AbortController();
    const driver = driverWhere(() => {
      controller.abort("enough");
      throw new Error("odd");
    });
    const client = new Client("app", "notes", { driver });
    expect(await rejection(client.find("a", { signal: controller.signal }))).toBe("enough");
  });
});

describe("an abort after the call", () => {
  it("changes nothing", async () => {
    const client = new Client("app", "notes", { driver: driverWhere(later), codec: text });
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const caller = client.set("a", "x", options);
    expect(await caller).toBeUndefined();
    const failed = client.get("b", options);
    const error = await rejection(failed);
    controller.abort();
    expect(await caller).toBeUndefined();
    expect(await rejection(failed)).toBe(error);
  });
});

describe("listeners on a signal", () => {
  function counted() {
    const controller = new AbortController();
    const { signal } = controller;
    const add = vi.spyOn(signal, "addEventListener");
    const remove = vi.spyOn(signal, "removeEventListener");
    return { controller, signal, add, remove, now: () => getEventListeners(signal, "abort").length };
  }

  it("is one, however many calls and clients share the signal, and is removed after the last of them", async () => {
    const { gate, driver } = gated();
    const { signal, add, remove, now } = counted();
    const clients = ["a", "b"].map((name) => new Client("app", name, { driver, codec: text }));
    const callers = clients.flatMap((client) => CALLS.map(([, call]) => call(client, { signal })));
    await settle();
    expect(now()).toBe(1);
    expect(add).toHaveBeenCalledTimes(1);
    expect(remove).not.toHaveBeenCalled();
    gate.resolve();
    await Promise.allSettled(callers);
    await settle();
    expect(now()).toBe(0);
    expect(remove.mock.calls.length).toBe(add.mock.calls.length);
  });

  it("is one for 10,000 calls, and Node emits no warning", async () => {
    const warn = vi.spyOn(process, "emitWarning");
    const { gate, driver } = gated();
    const { signal, add, now } = counted();
    const client = new Client("app", "notes", { driver, codec: text });
    const callers = Array.from({ length: 10_000 }, (_, n) => client.find(`k${n}`, { signal }));
    expect(now()).toBe(1);
    expect(add).toHaveBeenCalledTimes(1);
    gate.resolve();
    await Promise.all(callers);
    expect(now()).toBe(0);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it("is removed after the abort, and later calls add none", async () => {
    const { driver } = gated();
    const { controller, signal, add, now } = counted();
    const client = new Client("app", "notes", { driver, codec: text });
    const callers = Array.from({ length: 10 }, () => client.find("a", { signal }));
    controller.abort("enough");
    for (const caller of callers) expect(await rejection(caller)).toBe("enough");
    expect(now()).toBe(0);
    expect(await rejection(client.find("a", { signal }))).toBe("enough");
    expect(add).toHaveBeenCalledTimes(1);
  });

  it("is removed after calls that fail", async () => {
    const { gate, driver } = gated();
    const { signal, now } = counted();
    const client = new Client("app", "notes", { driver, codec: text });
    const callers = [client.find("a", { signal }), client.set("a", "x", { signal })];
    gate.reject(new Error("odd"));
    await Promise.allSettled(callers);
    await settle();
    expect(now()).toBe(0);
  });

  it("is added again for later calls", async () => {
    const { driver } = recording(later);
    const { controller, signal, add, now } = counted();
    const client = new Client("app", "notes", { driver, codec: text });
    await client.find("a", { signal });
    await settle();
    expect(now()).toBe(0);
    const caller = client.find("a", { signal });
    expect(now()).toBe(1);
    expect(add).toHaveBeenCalledTimes(2);
    controller.abort("enough");
    expect(await rejection(caller)).toBe("enough");
  });

  it("is not added if the driver returns results directly", async () => {
    const { signal, add } = counted();
    const client = new Client("app", "notes", { codec: text });
    await client.set("a", "x", { signal });
    await client.get("a", { signal });
    await client.mGet(["a"], { signal });
    expect(add).not.toHaveBeenCalled();
  });

  it("is removed after a scan that ends early", async () => {
    const { signal, now } = counted();
    const client = new Client("app", "notes", { codec: text });
    await client.mSet({ a: "1", b: "2" });
    for await (const _key of client.scan("*", { signal })) break;
    await settle();
    expect(now()).toBe(0);
  });
});
