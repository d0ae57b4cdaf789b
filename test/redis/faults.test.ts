import { describe, expect, it, vi } from "vitest";
import { DriverError, UnavailableError } from "../../src/errors.js";
import { Load, type Texts } from "../support/load.js";
import { rejection } from "../support/promises.js";
import { eventually } from "../support/waiting.js";
import { open, TIMEOUT } from "./opening.js";
import { type Config, RedisServer } from "./servers.js";

vi.setConfig({ testTimeout: 30_000 });

/** The longest that calls may fail once the server is back, in milliseconds. */
const RECOVERY = 2_000;

const DURABLE: Config = { appendonly: "yes", appendfsync: "always" };

/** A load on a server of its own. */
async function loaded(config: Config = {}): Promise<{ server: RedisServer; client: Texts; load: Load }> {
  const server = await RedisServer.start(config);
  const { client } = await open(server.url);
  const load = new Load(client, { timeout: TIMEOUT });
  await load.successes(200);
  return { server, client, load };
}

/** Every method that writes a value, on a key that holds "41", or on others. */
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

/** Every method that only takes away. */
const REMOVALS: [string, (client: Texts) => Promise<unknown>][] = [
  ["delete", (client) => client.delete("held")],
  ["mDel", (client) => client.mDel(["held", "missing"])],
  ["expire", (client) => client.expire("held", "1h")],
  ["persist", (client) => client.persist("held")],
  ["compareAndDelete", (client) => client.compareAndDelete("held", "41")],
  ["clear", (client) => client.clear()],
];

describe("under load, nothing is lost, applied twice or late", () => {
  it("while connections are killed", async () => {
    const { server, load } = await loaded(DURABLE);
    for (let round = 0; round < 8; round++) {
      await server.killClients();
      expect(await load.successes(100)).toBeLessThan(RECOVERY);
    }
    expect(await load.problems(true)).toEqual([]);
    expect(load.failed).toHaveProperty("ERR_UNAVAILABLE unknown");
  });

  it("when the server is killed and starts again with its data", async () => {
    const { server, load } = await loaded(DURABLE);
    await server.kill();
    await load.failures(20);
    await server.up();
    expect(await load.successes(100)).toBeLessThan(RECOVERY);
    expect(await load.problems(true)).toEqual([]);
  });

  it("when the server is killed and starts again without its data", async () => {
    const { server, load } = await loaded();
    await server.kill();
    await load.failures(20);
    await server.up();
    expect(await load.successes(100)).toBeLessThan(RECOVERY);
    expect(await load.problems(false)).toEqual([]);
  });

  it("when the server is frozen for longer than the timeout", async () => {
    const { server, load } = await loaded();
    server.freeze();
    await load.failures(40);
    server.thaw();
    expect(await load.successes(100)).toBeLessThan(RECOVERY);
    expect(await load.problems(true)).toEqual([]);
    expect(load.failed).toHaveProperty("ERR_TIMEOUT unknown");
  });

  it("when the server is frozen for less than the timeout, and no call fails", async () => {
    const { server, load } = await loaded();
    server.freeze();
    await new Promise((resolve) => setTimeout(resolve, TIMEOUT / 4));
    server.thaw();
    await load.successes(100);
    expect(await load.problems(true)).toEqual([]);
    expect(load.failed).toEqual({});
  });

  it("when clients are paused for longer than the timeout", async () => {
    const { server, load } = await loaded();
    await server.command("CLIENT", "PAUSE", String(3 * TIMEOUT));
    await load.failures(40);
    await eventually("the end of the pause", async () => (await server.command("PING")) === "PONG");
    expect(await load.successes(100)).toBeLessThan(RECOVERY);
    expect(await load.problems(true)).toEqual([]);
  });

  it("while scripts are flushed, and no call fails", async () => {
    const { server, load } = await loaded();
    for (let round = 0; round < 20; round++) {
      await server.command("SCRIPT", "FLUSH");
      await load.successes(100);
    }
    expect(await load.problems(true)).toEqual([]);
    expect(load.failed).toEqual({});
  });
});

describe("a server that is full and evicts nothing", () => {
  it.each(WRITES)("refuses %s with DriverError, not applied", async (_, write) => {
    const { server, client } = await full();
    const error = await rejection<DriverError>(write(client));
    expect(error).toBeInstanceOf(DriverError);
    expect(error.outcome).toBe("not-applied");
    expect(await client.mGet(["held", "missing"])).toEqual(new Map([["held", "41"]]));
    await server.command("CONFIG", "SET", "maxmemory", "0");
    await write(client);
  });

  it.each(REMOVALS)("takes %s", async (_, remove) => {
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

  it("takes writes as soon as it is promoted", async () => {
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
    // Its primary need not answer.
    await server.command("REPLICAOF", "127.0.0.1", "1");
    return { server, client };
  }
});

describe("a server that cannot answer yet", () => {
  it("because it loads its data: UnavailableError, not applied", async () => {
    const server = await RedisServer.start({ "loading-process-events-interval-bytes": 2_048 });
    const { client } = await open(server.url);
    await client.mSet(new Map(Array.from({ length: 500 }, (_, at) => [`key ${at}`, "x".repeat(100)])));
    await server.command("SAVE");
    await server.kill();
    await server.up({ "key-load-delay": 2_000 }, false);
    await eventually("a refusal", async () => {
      const error = await rejection<UnavailableError>(client.set("key 0", "new"));
      return error.message.includes("LOADING") && error instanceof UnavailableError && error.outcome === "not-applied";
    });
    await eventually("the end of loading", async () => (await client.find("key 0")) === "x".repeat(100));
  });

  it("because a script does not end: UnavailableError, not applied", async () => {
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

/** One for all tests that can share it. */
function shared(): Promise<RedisServer> {
  server ??= RedisServer.start();
  return server;
}
