import { describe, expect, it, vi } from "vitest";
import { DriverError, UnavailableError } from "../../src/errors.js";
import { LONG_TIMEOUT, RECOVERY, SHORT_TIMEOUT } from "../network/connecting.js";
import { faultsOf, loadOn } from "../network/faults.js";
import type { Load, Texts } from "../support/load.js";
import { rejection } from "../support/promises.js";
import { cutAfter, FaultProxy } from "../support/proxy.js";
import { eventually } from "../support/waiting.js";
import { open } from "./opening.js";
import { type Config, RedisServer } from "./servers.js";
import { DURABLE, REDIS } from "./subject.js";

vi.setConfig({ testTimeout: 120_000 });

faultsOf(REDIS);

/** A load on a server of its own. */
async function loaded(
  timeout: number,
  config: Config = {},
): Promise<{ server: RedisServer; client: Texts; load: Load }> {
  const server = await RedisServer.start(config);
  const { client } = await open({ url: server.url, timeout });
  const load = loadOn(client, timeout);
  await load.successes(200);
  return { server, client, load };
}

/** Every method that writes a value, on a key that holds "41" or on a missing key. */
const WRITES: [string, (client: Texts) => Promise<unknown>][] = [
  ["set", (client) => client.set("held", "new")],
  ["set with a TTL", (client) => client.set("held", "new", { ttl: "1h" })],
  ["setNX", (client) => client.setNX("missing", "new")],
  ["mSet", (client) => client.mSet({ held: "new", missing: "new" })],
  ["mSet with a TTL", (client) => client.mSet({ held: "new", missing: "new" }, { ttl: "1h" })],
  ["incr", (client) => client.incr("held")],
  ["incr with a TTL", (client) => client.incr("missing", 1, { ttl: "1h" })],
  ["getSet", (client) => client.getSet("held", "new")],
  ["getSet with a TTL", (client) => client.getSet("held", "new", { ttl: "1h" })],
  ["compareAndSwap", (client) => client.compareAndSwap("held", "41", "new")],
];

/** Every method that only removes, or changes a TTL. */
const REMOVALS: [string, (client: Texts) => Promise<unknown>][] = [
  ["delete", (client) => client.delete("held")],
  ["mDel", (client) => client.mDel(["held", "missing"])],
  ["expire", (client) => client.expire("held", "1h")],
  ["persist", (client) => client.persist("held")],
  ["compareAndDelete", (client) => client.compareAndDelete("held", "41")],
  ["clear", (client) => client.clear()],
];

describe.concurrent("calls to Redis under load", () => {
  it("are neither lost, applied twice nor late while an operator kills connections", async () => {
    const { server, load } = await loaded(SHORT_TIMEOUT, DURABLE);
    for (let round = 0; round < 8; round++) {
      await server.killClients();
      expect(await load.successes(100)).toBeLessThan(RECOVERY);
    }
    expect(await load.problems(true)).toEqual([]);
    expect(load.failed).toHaveProperty("ERR_UNAVAILABLE unknown");
  });

  it("are neither applied twice nor late when the server restarts without its data", async () => {
    const { server, load } = await loaded(SHORT_TIMEOUT);
    await server.kill();
    await load.failures(20);
    await server.restart();
    expect(await load.successes(100)).toBeLessThan(RECOVERY);
    expect(await load.problems(false)).toEqual([]);
  });

  it("are neither lost, applied twice nor late when clients are paused for longer than the timeout", async () => {
    const { server, load } = await loaded(SHORT_TIMEOUT);
    await server.command("CLIENT", "PAUSE", String(3 * SHORT_TIMEOUT));
    await load.failures(40);
    await eventually("the end of the pause", async () => (await server.command("PING")) === "PONG");
    expect(await load.successes(100)).toBeLessThan(RECOVERY);
    expect(await load.problems(true)).toEqual([]);
  });

  it("succeed while scripts are flushed", async () => {
    const { server, load } = await loaded(LONG_TIMEOUT);
    for (let round = 0; round < 20; round++) {
      await server.command("SCRIPT", "FLUSH");
      await load.successes(100);
    }
    expect(await load.problems(true)).toEqual([]);
    expect(load.failed).toEqual({});
  });
});

describe.concurrent("a listing", () => {
  it("continues when its connection is lost, between two pages or in one", async () => {
    const { proxy, client, straight } = await through();
    const keys = Array.from({ length: 3_000 }, (_, at) => `key ${at}`);
    await straight.mSet(keys.map((key) => [key, "1"]));
    for (const lose of [
      () => proxy.reset(),
      () => {
        proxy.reply = cutAfter(100);
      },
    ]) {
      const found = new Set<string>();
      for await (const key of client.scan()) {
        if (found.size === 0) lose();
        found.add(key);
      }
      expect(found).toEqual(new Set(keys));
    }
  });

  it("of clear continues when a reply is lost", async () => {
    const { proxy, client, straight } = await through();
    await straight.mSet(Array.from({ length: 3_000 }, (_, at) => [`key ${at}`, "1"]));
    const { reply } = proxy;
    let replies = 0;
    proxy.reply = (chunk, forward, { client: socket }) => {
      // SCAN, UNLINK, and the next SCAN, whose reply is lost.
      if (++replies !== 3) return forward(chunk);
      socket.destroy();
    };
    await client.clear();
    proxy.reply = reply;
    expect(await straight.keys()).toEqual([]);
  });

  async function through(): Promise<{ proxy: FaultProxy; client: Texts; straight: Texts }> {
    const server = await RedisServer.start();
    const proxy = await FaultProxy.to(server);
    return { proxy, client: (await open(proxy.url)).client, straight: (await open(server.url)).client };
  }
});

describe("a full server that evicts nothing", () => {
  it.each(WRITES)("refuses %s with DriverError, not applied", async (_, write) => {
    const { server, client } = await full();
    const error = await rejection<DriverError>(write(client));
    expect(error).toBeInstanceOf(DriverError);
    expect(error.outcome).toBe("not-applied");
    expect(await client.mGet(["held", "missing"])).toEqual(new Map([["held", "41"]]));
    await server.command("CONFIG", "SET", "maxmemory", "0");
    await write(client);
  });

  it.each(REMOVALS)("executes %s", async (_, remove) => {
    const { client } = await full();
    await remove(client);
  });

  async function full(): Promise<{ server: RedisServer; client: Texts }> {
    const server = await shared();
    await server.command("CONFIG", "SET", "maxmemory", "0", "maxmemory-policy", "noeviction");
    await server.command("FLUSHALL");
    const { client } = await open(server.url);
    await client.set("held", "41");
    await server.command("CONFIG", "SET", "maxmemory", "1");
    return { server, client };
  }
});

describe("a read-only replica", () => {
  it.each([...WRITES, ...REMOVALS])("refuses %s with UnavailableError, not applied", async (_, write) => {
    const { client } = await replica();
    const error = await rejection<UnavailableError>(write(client));
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error.outcome).toBe("not-applied");
    expect(await client.mGet(["held", "missing"])).toEqual(new Map([["held", "41"]]));
  });

  it("executes writes as soon as it is promoted", async () => {
    const { server, client } = await replica();
    await expect(client.set("held", "new")).rejects.toBeInstanceOf(UnavailableError);
    await server.command("REPLICAOF", "NO", "ONE");
    await client.set("held", "new");
  });

  async function replica(): Promise<{ server: RedisServer; client: Texts }> {
    const server = await shared();
    await server.command("REPLICAOF", "NO", "ONE");
    await server.command("CONFIG", "SET", "maxmemory", "0");
    await server.command("FLUSHALL");
    const { client } = await open(server.url);
    await client.set("held", "41");
    // Its primary does not have to exist.
    await server.command("REPLICAOF", "127.0.0.1", "1");
    return { server, client };
  }
});

describe("a server that is busy", () => {
  it("refuses calls with UnavailableError, not applied, while it loads its data", async () => {
    const server = await RedisServer.start({ "loading-process-events-interval-bytes": 2_048 });
    const { client } = await open(server.url);
    await client.mSet(new Map(Array.from({ length: 500 }, (_, at) => [`key ${at}`, "x".repeat(100)])));
    await server.command("SAVE");
    await server.kill();
    await server.restart({ "key-load-delay": 2_000 }, false);
    await eventually("a refusal", async () => {
      const error = await rejection<UnavailableError>(client.set("key 0", "new"));
      return error.message.includes("LOADING") && error instanceof UnavailableError && error.outcome === "not-applied";
    });
    await eventually("the end of loading", async () => (await client.find("key 0")) === "x".repeat(100));
  });

  it("refuses calls with UnavailableError, not applied, while a script does not end", async () => {
    const server = await RedisServer.start({ "busy-reply-threshold": 50 });
    const { client } = await open(server.url);
    const script = server.command("EVAL", "while true do end", "0");
    const error = await eventually("a refusal", () => rejection<UnavailableError>(client.set("held", "new")));
    expect(error).toBeInstanceOf(UnavailableError);
    await server.command("SCRIPT", "KILL");
    await rejection(script);
    await client.set("held", "new");
  });
});

let server: Promise<RedisServer> | undefined;

/** One server for all tests that can share it. */
function shared(): Promise<RedisServer> {
  server ??= RedisServer.start();
  return server;
}
