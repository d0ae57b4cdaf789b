import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { UnavailableError } from "../../src/errors.js";
import { isSettled, rejection } from "../support/promises.js";
import { FaultProxy, frozen } from "../support/proxy.js";
import { eventually, settled } from "../support/waiting.js";
import { open } from "./opening.js";
import { MemcachedServer } from "./servers.js";

vi.setConfig({ testTimeout: 20_000 });

const server = await MemcachedServer.start();
const HOUR = 3_600_000;

describe("Dispatcher", () => {
  it("writes the calls of one tick at once, in the order in which they were made", async () => {
    const proxy = await FaultProxy.to(server);
    const { client } = await open(proxy.address);
    let writes = 0;
    proxy.request = (chunk, forward) => {
      writes++;
      forward(chunk);
    };
    const order = client.domain("order");
    const answers = await Promise.all([
      order.set("a", "1"),
      order.find("a"),
      order.set("a", "zwei ä"),
      order.find("a"),
      order.set("b", "2", { ttl: "1h" }),
      order.exists("b"),
      order.delete("a"),
      order.find("a"),
      order.setNX("a", "8"),
      order.mGet(["a", "c", "b"]),
    ]);
    expect(answers).toEqual([
      ...[undefined, "1", undefined, "zwei ä", undefined, true, true, undefined, true],
      new Map(Object.entries({ a: "8", b: "2" })),
    ]);
    expect(writes).toBe(1);
  });

  it("keeps the order of calls of which some take several round trips", async () => {
    const { client } = await open(server.address);
    const order = client.domain("order2");
    const answers = await Promise.all([
      order.incr("a"),
      order.find("a"),
      order.incr("a", 41),
      order.set("a", "x"),
      order.getSet("a", "y"),
      order.compareAndSwap("a", "y", "z"),
      order.find("a"),
      order.mSet({ a: "7", b: "1" }),
      order.decr("a", 8),
      order.mGet(["a", "b"]),
      order.compareAndDelete("a", "-1"),
      order.exists("a"),
      order.mDel(["a", "b"]),
      order.set("a", "1", { ttl: "60d" }),
      order.ttl("a"),
      order.expire("a", "90d"),
      order.ttl("a"),
      order.persist("a"),
      order.ttl("a"),
      order.delete("a"),
      order.setNX("a", "1", { ttl: "60d" }),
      order.find("a"),
    ]);
    const days = (count: number): unknown => expect.toSatisfy((ttl) => Math.abs(ttl - count * 24 * HOUR) <= 2_000);
    expect(answers).toEqual([
      ...[1, "1", 42, undefined, "x", true, "z", undefined, -1],
      new Map(Object.entries({ a: "-1", b: "1" })),
      ...[true, false, 1, undefined, days(60), undefined, days(90), undefined, -1, true, true, "1"],
    ]);
  });

  it("returns to each of 500 concurrent calls its own result, for bytes and strings", async () => {
    const { client, driver } = await open(server.address);
    const bytes = client.withCodec<Uint8Array>({ format: "bytes", encode: (value) => value, decode: (value) => value });
    const keys = Array.from({ length: 500 }, (_, at) => `key ${at}`);
    await Promise.all(
      keys.map((key, at) =>
        at % 3 === 0
          ? bytes.set(key, Buffer.from(`bytes ${at}\r\n\0`))
          : client.set(key, `text ${at}${at % 3 === 1 ? "é" : ""}`),
      ),
    );
    const found = await Promise.all(keys.map(async (key) => String(await driver.get("app:users:", key))));
    expect(found).toEqual(
      keys.map((_, at) => (at % 3 === 0 ? `bytes ${at}\r\n\0` : `text ${at}${at % 3 === 1 ? "é" : ""}`)),
    );
  });
});

describe("Dispatcher and maxPending", () => {
  it("refuses one call more than maxPending at once, and counts a call of many commands once", async () => {
    const proxy = await FaultProxy.to(server);
    const { client } = await open({ servers: proxy.address, maxPending: 4, timeout: 2_000 });
    const held = frozen();
    const { reply } = proxy;
    proxy.reply = held;
    const calls = [
      client.set("a", "1"),
      client.mGet(["a", "b", "c"]),
      client.incr("d"),
      client.mSet({ e: "1", f: "2" }),
    ];
    const error = await rejection<UnavailableError>(client.find("a"));
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error).toMatchObject({
      outcome: "not-applied",
      message: expect.stringContaining("4 calls are already pending"),
    });
    proxy.reply = reply;
    held.thaw();
    await Promise.all(calls);
    await Promise.all([client.find("a"), client.find("a"), client.find("a"), client.getSet("a", "2")]);
  });

  it("admits new calls after others failed", async () => {
    const { client, driver } = await open({ servers: server.address, maxPending: 2 });
    await client.set("words", "words");
    for (let round = 0; round < 5; round++) {
      await rejection(client.incr("words"));
      await rejection((async () => driver.set("app:users:", "words", "v".repeat(2_000_000), 0))());
      await rejection(client.mSet({ a: "1", b: "v".repeat(2_000_000) }));
      await rejection(client.set("k".repeat(300), "1"));
    }
    await Promise.all([client.find("words"), client.find("words")]);
  });
});

describe("Dispatcher and an aborted call", () => {
  const reason = new Error("no longer wanted");

  it("withdraws only the aborted calls of a tick", async () => {
    const proxy = await FaultProxy.to(server);
    const { client, driver } = await open(proxy.address);
    const abort = new AbortController();
    const first = client.set("a", "sent 1");
    const options = { signal: abort.signal };
    const withdrawn = [
      rejection(client.set("b", "never sent", options)),
      rejection(client.getSet("b", "never sent", options)),
      rejection(client.set("b", "never sent", { ttl: "60d", ...options })),
      rejection(client.mSet({ b: "never sent" }, options)),
      rejection(driver.set("app:users:", "b", "never sent", 0, options)),
      rejection(driver.incr("app:users:", "c", 1, 0, options)),
    ];
    const last = client.set("c", "sent 2");
    abort.abort(reason);
    expect(await Promise.all(withdrawn)).toEqual(withdrawn.map(() => reason));
    await Promise.all([first, last]);
    expect(await client.mGet(["a", "b", "c"])).toEqual(new Map(Object.entries({ a: "sent 1", c: "sent 2" })));
    expect(proxy.sent("never sent")).toBe(0);
  });

  it("withdraws an aborted call that waits at a busy key, or between its read and its write", async () => {
    const proxy = await FaultProxy.to(server);
    const { client, driver } = await open({ servers: proxy.address, timeout: 5_000 });
    await client.set("busy", "1");
    const held = frozen();
    const { reply } = proxy;
    proxy.reply = held;
    const abort = new AbortController();
    const options = { signal: abort.signal };
    const withdrawn = [
      rejection(driver.incr("app:users:", "busy", 10, 0, options)),
      rejection(driver.set("app:users:", "busy", "never sent", 0, options)),
      rejection(driver.getSet("app:users:", "busy", "never sent", 0, true, options)),
    ];
    const kept = client.incr("busy");
    await eventually("the read", () => proxy.sent("busy v c t") === 1);
    abort.abort(reason);
    proxy.reply = reply;
    held.thaw();
    expect(await Promise.all(withdrawn)).toEqual(withdrawn.map(() => reason));
    expect(await kept).toBe(2);
    expect(proxy.sent("never sent")).toBe(0);
  });

  it("rejects an aborted call in flight at once, and drops its reply", async () => {
    const proxy = await FaultProxy.to(server);
    const { client } = await open(proxy.address);
    await client.mSet({ a: "value of a", b: "value of b" });
    const held = frozen();
    const { reply } = proxy;
    proxy.reply = held;
    const abort = new AbortController();
    const read = rejection(client.find("a", { signal: abort.signal }));
    const written = rejection(client.set("c", "written", { signal: abort.signal }));
    await eventually("the request", () => proxy.sent("written") === 1);
    abort.abort(reason);
    expect((await settled(Promise.all([read, written]), 5_000)).value).toEqual([reason, reason]);
    const next = client.find("b");
    proxy.reply = reply;
    held.thaw();
    expect(await next).toBe("value of b");
    expect(await client.find("c")).toBe("written");
  });

  it("adds one listener to a signal that many calls share, and removes it when they have settled", async () => {
    const { client } = await open(server.address);
    const { signal } = new AbortController();
    const calls = Array.from({ length: 100 }, (_, at) => client.find(`key ${at}`, { signal }));
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await Promise.all([...calls, client.keys("*", { signal })]);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});

describe("Dispatcher and close", () => {
  it("fails calls in flight and calls that wait when it closes, and refuses later ones", async () => {
    const proxy = await FaultProxy.to(server);
    const { driver, client } = await open({ servers: proxy.address, timeout: 5_000 });
    proxy.reply = frozen();
    const flight = [client.set("a", "1"), client.incr("b"), client.mGet(["a"])];
    const waiting = client.incr("b");
    await eventually("the request", () => proxy.sent("users:a") > 1);
    const unsent = client.set("a", "2");
    driver.close();
    driver.close();
    await driver[Symbol.asyncDispose]();
    const errors = await Promise.all(
      [...flight, waiting, unsent, client.set("a", "3"), client.keys()].map((call) => rejection(call)),
    );
    expect(errors.map((error) => error instanceof UnavailableError && error.outcome)).toEqual([
      "unknown",
      // Only its read was sent.
      "not-applied",
      "unknown",
      ...["not-applied", "not-applied", "not-applied", "not-applied"],
    ]);
    expect(await isSettled(Promise.allSettled(flight))).toBe(true);
    await eventually("the end", () => proxy.connections === 0);
  });

  it("fails calls that wait for a connection when it closes", async () => {
    const target = await MemcachedServer.start();
    const { driver, client } = await open({ servers: target.address, timeout: 5_000 });
    await target.kill();
    await sleep(100);
    const error = rejection<UnavailableError>(client.set("a", "1"));
    await sleep(50);
    driver.close();
    expect(await error).toMatchObject({ outcome: "not-applied" });
  });
});
