import { queryObjects } from "node:v8";
import { describe, expect, it, vi } from "vitest";
import { Client } from "../../src/client/client.js";
import { bytes } from "../../src/codec/bytes.js";
import { text } from "../../src/codec/text.js";
import { UnavailableError } from "../../src/errors.js";
import { MemoryDriver } from "../../src/memory/memory-driver.js";
import { driverWhere, recording } from "../support/driver.js";
import { recordingLogger } from "../support/log.js";
import { deferred, isSettled, rejection } from "../support/promises.js";

const CALLS: [string, (client: Client<string, string>) => Promise<unknown>][] = [
  ["set", (client) => client.set("a", "x")],
  ["setNX", (client) => client.setNX("a", "x")],
  ["get", (client) => client.get("a")],
  ["find", (client) => client.find("a")],
  ["delete", (client) => client.delete("a")],
  ["exists", (client) => client.exists("a")],
  ["mGet", (client) => client.mGet(["a"])],
  ["mSet", (client) => client.mSet({ a: "x" })],
  ["mDel", (client) => client.mDel(["a"])],
  ["ttl", (client) => client.ttl("a")],
  ["expire", (client) => client.expire("a", 5)],
  ["persist", (client) => client.persist("a")],
  ["incr", (client) => client.incr("a")],
  ["decr", (client) => client.decr("a")],
  ["getSet", (client) => client.getSet("a", "x")],
  ["compareAndSwap", (client) => client.compareAndSwap("a", "x", "y")],
  ["compareAndDelete", (client) => client.compareAndDelete("a", "x")],
  ["getOrSet", (client) => client.getOrSet("a", () => "x")],
  ["keys", (client) => client.keys()],
  ["scan", (client) => client.scan().next()],
  ["clear", (client) => client.clear()],
];

describe("a closed client", () => {
  it.each(CALLS)("rejects %s without calling the driver, and logs it", async (operation, call) => {
    const { driver, calls } = recording();
    const { logger, lines } = recordingLogger();
    const client = new Client("app", "notes", { driver, codec: text, logger });
    await client.close();
    const error = await rejection<UnavailableError>(call(client));
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error).toMatchObject({ operation, outcome: "not-applied" });
    expect(error.message).toContain("closed");
    expect(calls).toEqual([]);
    expect(lines).toHaveLength(1);
  });

  it("rejects empty batches, too", async () => {
    const client = new Client("app", "notes", { codec: text });
    await client.close();
    await expect(client.mGet([])).rejects.toBeInstanceOf(UnavailableError);
    await expect(client.mSet({})).rejects.toBeInstanceOf(UnavailableError);
    await expect(client.mDel([])).rejects.toBeInstanceOf(UnavailableError);
  });

  it("rejects calls from the moment close is called", async () => {
    const client = new Client("app", "notes", { codec: text });
    const closing = client.close();
    await expect(client.find("a")).rejects.toBeInstanceOf(UnavailableError);
    await closing;
  });
});

describe("close", () => {
  it("can be called again, and resolves each time", async () => {
    const close = vi.spyOn(MemoryDriver.prototype, "close");
    const client = new Client("app", "notes");
    await Promise.all([client.close(), client.close()]);
    expect(await client.close()).toBeUndefined();
    expect(close).toHaveBeenCalledTimes(1);
    close.mockRestore();
  });

  it("lets the calls under way settle, and resolves after the last of them", async () => {
    const slow = deferred();
    const slower = deferred();
    const driver = driverWhere((call) => (call.method === "get" ? slow : slower).promise.then(() => call.pass()));
    const client = new Client("app", "notes", { driver, codec: text });
    const reading = client.find("a");
    const writing = client.set("a", "x");
    const closing = client.close();
    slow.resolve();
    expect(await reading).toBeUndefined();
    expect(await isSettled(closing)).toBe(false);
    slower.resolve();
    await writing;
    await closing;
    expect(await new Client("app", "notes", { driver, codec: text }).get("a")).toBe("x");
  });

  it("resolves after calls that fail, too", async () => {
    const held = deferred();
    const client = new Client("app", "notes", { driver: driverWhere(() => held.promise) });
    const reading = client.find("a");
    const closing = client.close();
    held.reject(new Error("odd"));
    await rejection(reading);
    await closing;
  });

  it("closes the driver that the client made itself, after the calls under way", async () => {
    const close = vi.spyOn(MemoryDriver.prototype, "close");
    const client = new Client("app", "notes");
    await client.set("a", Uint8Array.of(1));
    await client.close();
    expect(close).toHaveBeenCalledTimes(1);
    close.mockRestore();
  });

  it("does not close a driver that was passed in", async () => {
    const driver = new MemoryDriver();
    const first = new Client("app", "notes", { driver, codec: text });
    const second = new Client("app", "notes", { driver, codec: text });
    await first.set("a", "one");
    await first.close();
    expect(await second.get("a")).toBe("one");
  });
});

describe("await using", () => {
  it("closes the client at the end of the block", async () => {
    let kept: Client;
    {
      await using client = new Client("app", "notes");
      kept = client;
      await client.set("a", Uint8Array.of(1));
    }
    await expect(kept.find("a")).rejects.toBeInstanceOf(UnavailableError);
  });

  it("closes a driver at the end of the block", async () => {
    let kept: MemoryDriver;
    {
      await using driver = new MemoryDriver();
      kept = driver;
    }
    expect(() => kept.get("app:notes:", "a")).toThrow(UnavailableError);
  });

  it("of a view leaves its origin open", async () => {
    const origin = new Client("app", "notes");
    {
      await using view = origin.withCodec(text);
      await view.set("a", "one");
    }
    expect(await origin.exists("a")).toBe(true);
  });
});

describe("views and siblings", () => {
  const family = () => {
    const origin = new Client("app", "notes", { codec: text });
    const view = origin.withCodec(bytes);
    const sibling = origin.domain("archive");
    const ofSibling = sibling.withCodec(bytes);
    return { origin, view, sibling, ofSibling };
  };
  const isOpen = async (client: { exists(key: string): Promise<boolean> }) =>
    client.exists("a").then(
      () => true,
      () => false,
    );

  it("close with the clients made from them, and no others", async () => {
    const { origin, view, sibling, ofSibling } = family();
    await sibling.close();
    expect(await Promise.all([origin, view, sibling, ofSibling].map(isOpen))).toEqual([true, true, false, false]);
    await view.close();
    expect(await Promise.all([origin, view].map(isOpen))).toEqual([true, false]);
  });

  it("close with their origin", async () => {
    const { origin, view, sibling, ofSibling } = family();
    await origin.close();
    expect(await Promise.all([origin, view, sibling, ofSibling].map(isOpen))).toEqual([false, false, false, false]);
    await ofSibling.close();
    await view.close();
  });

  it("are closed from the start if made from a closed client", async () => {
    const { origin } = family();
    await origin.close();
    expect(await isOpen(origin.withCodec(bytes))).toBe(false);
    expect(await isOpen(origin.domain("later"))).toBe(false);
  });

  it("never close the driver", async () => {
    const close = vi.spyOn(MemoryDriver.prototype, "close");
    const { origin, view, ofSibling } = family();
    await view.close();
    await ofSibling.close();
    expect(close).not.toHaveBeenCalled();
    await origin.close();
    expect(close).toHaveBeenCalledTimes(1);
    close.mockRestore();
  });

  it("are garbage-collected when unreferenced, and create no clients of their own", async () => {
    const { origin } = family();
    const count = () => queryObjects(Client, { format: "count" }) as unknown as number;
    const before = count();
    for (let n = 0; n < 100; n++) {
      await origin.withCodec(bytes).find("a");
      await origin.domain(`request ${n}`).keys();
    }
    expect(count()).toBeLessThan(before + 10);
    await origin.close();
  }, 60_000); // Counting walks the whole heap.

  it("delay the close of their origin, but not of each other", async () => {
    const held = deferred();
    const driver = driverWhere((call) => held.promise.then(() => call.pass()));
    const origin = new Client("app", "notes", { driver, codec: text });
    const view = origin.withCodec(bytes);
    const sibling = origin.domain("archive");
    const reading = sibling.withCodec(bytes).find("a");
    await view.close();
    const closing = origin.close();
    expect(await isSettled(closing)).toBe(false);
    held.resolve();
    await reading;
    await closing;
  });
});
