import { describe, expect, it, vi } from "vitest";
import { DriverError, InvalidArgumentError } from "../../src/errors.js";
import type { Texts } from "../support/load.js";
import { rejection } from "../support/promises.js";
import { FaultProxy, frozen } from "../support/proxy.js";
import { eventually } from "../support/waiting.js";
import { FakeServer, opaqueOf } from "./fake.js";
import { open } from "./opening.js";
import { MemcachedServer } from "./servers.js";

vi.setConfig({ testTimeout: 20_000 });

const server = await MemcachedServer.start();
const HOUR = 3_600_000;

/** The seconds that a key has left, as the server itself reports them. */
async function secondsOf(name: string): Promise<number> {
  return Number(/ t(-?\d+)/.exec(await server.raw(`mg ${name} t\r\n`))?.[1]);
}

describe("A TTL on Memcached", () => {
  it.each([
    [1, 2],
    [1_000, 2],
    [1_001, 3],
    [30 * 86_400_000 - 1_000, 30 * 86_400],
    [30 * 86_400_000, 30 * 86_400 + 1],
    [100 * 86_400_000, 100 * 86_400 + 1],
  ])("sets a TTL of %d ms as %d seconds, whichever method sets it", async (ttl, seconds) => {
    const { client } = await open(server.address);
    const users = client.domain("ttls");
    const setters: readonly [string, () => Promise<unknown>][] = [
      ["set", () => users.set("key", "1", { ttl })],
      ["setNX", () => users.setNX("key", "1", { ttl })],
      ["mSet", () => users.mSet({ key: "1" }, { ttl })],
      ["incr", () => users.incr("key", 1, { ttl })],
      ["getSet of a missing key", () => users.getSet("key", "1", { ttl })],
      ["getSet", () => users.set("key", "1").then(() => users.getSet("key", "1", { ttl }))],
      ["compareAndSwap", () => users.set("key", "1").then(() => users.compareAndSwap("key", "1", "2", { ttl }))],
      ["expire", () => users.set("key", "1").then(() => users.expire("key", ttl))],
    ];
    for (const [method, setTtl] of setters) {
      await users.delete("key");
      const start = performance.now();
      await setTtl();
      const left = await secondsOf("app:ttls:key");
      // The server's clock may have ticked since.
      const ticks = Math.ceil((performance.now() - start) / 1_000);
      expect(left, method).toBeLessThanOrEqual(seconds);
      expect(left, method).toBeGreaterThanOrEqual(seconds - ticks);
    }
  });

  it("keeps the date on which a TTL ends, however often the key is written", async () => {
    const { client } = await open(server.address);
    const users = client.domain("kept");
    await users.set("key", "0", { ttl: "100s" });
    const dateOf = async (): Promise<number> =>
      Number(/key=app%3Akept%3Akey exp=(\d+)/.exec(await server.raw("lru_crawler metadump hash\r\n"))?.[1]);
    const date = await dateOf();
    const start = performance.now();
    let count = 0;
    // Some of it while the server's clock ticks.
    while (count <= 20 || performance.now() - start < 1_500) {
      await users.getSet("key", String(count));
      await users.compareAndSwap("key", String(count), "-5");
      expect(await users.incr("key", 6)).toBe(1);
      expect(await users.decr("key", 2)).toBe(-1);
      count++;
    }
    expect(await dateOf()).toBe(date);
  });

  it("does not restore a TTL that another driver changed meanwhile", async () => {
    const proxy = await FaultProxy.to(server);
    const [slow, other] = [await open({ servers: proxy.address, timeout: 5_000 }), await open(server.address)];
    await other.client.set("key", "old", { ttl: "1h" });
    const held = frozen();
    // The read, then the server's time and the item again, then the write.
    let requests = 0;
    proxy.request = (chunk, forward, connection) =>
      ++requests === 3 ? held(chunk, forward, connection) : forward(chunk);
    const swapped = slow.client.getSet("key", "new");
    await eventually("the write", () => requests === 3);
    await other.client.expire("key", "2h");
    held.thaw();
    expect(await swapped).toBe("old");
    expect(await other.client.ttl("key")).toBeGreaterThan(1.5 * HOUR);
  });

  it("asks each server once for its time in a call with a long TTL, and again after a busy key", async () => {
    const servers = await Promise.all([1, 2].map(() => MemcachedServer.start()));
    const proxies = await Promise.all(servers.map((each) => FaultProxy.to(each)));
    const { client } = await open({ servers: proxies.map(({ address }) => address), timeout: 5_000 });
    const keys = Array.from({ length: 40 }, (_, at) => `key${at}`);
    await client.mSet(Object.fromEntries(keys.map((key) => [key, "1"])), { ttl: "60d" });
    for (const [at, proxy] of proxies.entries()) {
      expect(proxy.sent("stats\r\n")).toBe(1);
      expect(Number(await servers[at]?.stat("curr_items"))).toBeGreaterThan(0);
    }
    const asked = (): number => proxies.reduce((sum, proxy) => sum + proxy.sent("stats\r\n"), 0);
    const busy = [client.incr("key0"), client.incr("key0")];
    await client.mSet({ key0: "1", key1: "1", key2: "1" }, { ttl: "60d" });
    await Promise.all(busy);
    expect(asked()).toBeGreaterThan(3);
  });

  it.each([
    ["set", (client: Texts) => client.set("key", "1", { ttl: "60d" }), "ms"],
    ["getSet of a missing key", (client: Texts) => client.getSet("key", "1", { ttl: "60d" }), "ms"],
    ["expire", (client: Texts) => client.expire("key", "60d"), "md"],
  ] as const)("counts the long TTL of %s from the time of the connection that sends it", async (_, call, write) => {
    let time = 1_000;
    const fake = await FakeServer.start((line) => {
      const opaque = opaqueOf(line);
      if (line === "stats") {
        // What follows the reply ends the connection.
        const more = time === 1_000 ? "garbage\r\n" : "";
        time += 500;
        return `STAT time ${time - 500}\r\nEND\r\n${more}`;
      }
      return line.startsWith("mg")
        ? `EN ${opaque}\r\n`
        : line.startsWith("m") && line !== "mn"
          ? `HD ${opaque}\r\n`
          : undefined;
    });
    const { client } = await open({ servers: fake.address, timeout: 2_000 });
    await call(client);
    const writes = fake.lines.filter((line) => line.startsWith(write));
    expect(writes).toEqual([expect.stringContaining(` T${1_500 + 60 * 86_400 + 1}`)]);
  });

  it.each(["t0", "t4294967295"])(
    "treats an item that expires while the server looks it up (%s) as missing",
    async (flag) => {
      const fake = await FakeServer.start((line) => {
        const opaque = opaqueOf(line);
        if (line.startsWith("mg"))
          return line.includes(" v ") ? `VA 1 c1 ${flag} ${opaque}\r\n1\r\n` : `HD ${flag} ${opaque}\r\n`;
        return line.startsWith("ms") ? `HD ${opaque}\r\n` : undefined;
      });
      const { client, driver } = await open(fake.address);
      expect(await driver.ttl("app:users:", "key")).toBeUndefined();
      expect(await client.incr("key", 5)).toBe(5);
      expect(await client.compareAndDelete("key", "1")).toBe(false);
      expect(fake.accepted).toBe(1);
    },
  );

  it("rejects with DriverError when the server refuses a value with a long TTL", async () => {
    const fake = await FakeServer.start((line) => {
      if (line === "stats") return "STAT time 1000\r\nEND\r\n";
      return line.startsWith("ms") ? "SERVER_ERROR out of memory storing object\r\n" : undefined;
    });
    const { client } = await open(fake.address);
    const error = await rejection(client.set("key", "1", { ttl: "60d" }));
    expect(error).toBeInstanceOf(DriverError);
    expect(error).toMatchObject({ outcome: "unknown" });
  });

  it("returns undefined for the TTL of a missing key", async () => {
    const { driver } = await open(server.address);
    expect(await driver.ttl("app:users:", "never set")).toBeUndefined();
  });

  it("refuses a TTL that ends after January 2038 before it is sent, and by the server's clock", async () => {
    const { client } = await open(server.address);
    const ttl = 2 ** 31 * 1_000 - Date.now();
    await expect(client.set("late", "1", { ttl })).rejects.toBeInstanceOf(InvalidArgumentError);
    await client.set("late", "1", { ttl: ttl - 60_000 });
    expect(await client.ttl("late")).toBeGreaterThan(ttl - 70_000);

    const fake = await FakeServer.start((line) =>
      line === "stats" ? `STAT time ${2 ** 31 - 10}\r\nEND\r\n` : undefined,
    );
    const { client: ahead } = await open(fake.address);
    await expect(ahead.set("late", "1", { ttl: "60d" })).rejects.toBeInstanceOf(InvalidArgumentError);
    expect(fake.lines).toEqual(["stats"]);
  });
});
