import { Cluster, Redis } from "ioredis";
import { createClient, createClientPool, createCluster, createSentinel } from "redis";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { InvalidArgumentError, TimeoutError, UnavailableError } from "../../src/errors.js";
import { slotOf } from "../../src/redis/commands/slot.js";
import { type RedisConnection, RedisDriver } from "../../src/redis/index.js";
import { LONG_TIMEOUT, PATIENCE, RECOVERY, SHORT_TIMEOUT } from "../network/connecting.js";
import { loadOn } from "../network/faults.js";
import { everythingIn } from "../support/leaks.js";
import { rejection } from "../support/promises.js";
import { FaultProxy, frozen } from "../support/proxy.js";
import { eventually, settled } from "../support/waiting.js";
import { over } from "./opening.js";
import { RedisServer } from "./servers.js";
import { DURABLE } from "./subject.js";

vi.setConfig({ testTimeout: 120_000 });

const SECRET = "hunter2-sesame";
const VALID = { autoResendUnfulfilledCommands: false, lazyConnect: true };
const rootNodes = [{ url: "redis://127.0.0.1:1" }];
const nodes = [{ host: "127.0.0.1", port: 1 }];
const lazy = { lazyConnect: true, retryDelayOnFailover: 0 };

describe("a client that is passed in", () => {
  const REFUSED: readonly [string, string, () => unknown][] = [
    ["node-redis", "keyPrefix", () => createClient({ keyPrefix: "p:", password: SECRET } as object)],
    ["a node-redis cluster", "useReplicas", () => createCluster({ rootNodes, useReplicas: true })],
    [
      "a node-redis cluster",
      "keyPrefix",
      () => createCluster({ rootNodes, keyPrefix: "p:" } as object as { rootNodes: [] }),
    ],
    ["a node-redis cluster", "keyPrefix", () => createCluster({ rootNodes, defaults: { keyPrefix: "p:" } as object })],
    ["a node-redis pool", "pool", () => createClientPool({ password: SECRET })],
    ["ioredis", "keyPrefix", () => new Redis({ ...VALID, keyPrefix: "p:", password: SECRET })],
    ["ioredis", "autoResendUnfulfilledCommands", () => new Redis({ lazyConnect: true, password: SECRET })],
    [
      "ioredis",
      "autoResendUnfulfilledCommands",
      () => new Redis({ lazyConnect: true, autoResendUnfulfilledCommands: true }),
    ],
    ["ioredis", "enableAutoPipelining", () => new Redis({ ...VALID, enableAutoPipelining: true })],
    ["ioredis", "role", () => new Redis({ ...VALID, sentinels: nodes, name: "main", role: "slave" })],
    ["an ioredis cluster", "enableAutoPipelining", () => new Cluster(nodes, { ...lazy, enableAutoPipelining: true })],
    ["an ioredis cluster", "scaleReads", () => new Cluster(nodes, { ...lazy, scaleReads: "slave" })],
    ["an ioredis cluster", "scaleReads", () => new Cluster(nodes, { ...lazy, scaleReads: "all" })],
    [
      "an ioredis cluster",
      "scaleReads",
      () => new Cluster(nodes, { ...lazy, scaleReads: (each: Redis[]) => each[0] as Redis }),
    ],
    ["an ioredis cluster", "retryDelayOnFailover", () => new Cluster(nodes, { lazyConnect: true })],
    ["an ioredis cluster", "keyPrefix", () => new Cluster(nodes, { ...lazy, keyPrefix: "p:" })],
    ["an ioredis cluster", "keyPrefix", () => new Cluster(nodes, { ...lazy, redisOptions: { keyPrefix: "p:" } })],
  ];

  it.each(REFUSED)("is refused if it is %s with %s, and the error names the option", (_, option, make) => {
    const connection = make() as RedisConnection;
    let thrown: unknown;
    try {
      new RedisDriver(connection);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidArgumentError);
    expect((thrown as Error).message).toContain(option);
    expect((thrown as Error).message).toContain("allowed is");
    expect(everythingIn(thrown)).not.toContain(SECRET);
  });

  it.each([
    ["undefined", undefined],
    ["null", null],
    ["a URL", "redis://localhost"],
    ["a number", 6379],
    ["an object of another kind", {}],
    ["an array", []],
    ["a promise of a client", Promise.resolve()],
    ["a function", () => {}],
    ["a Map", new Map()],
    ["a node-redis sentinel", createSentinel({ name: "main", sentinelRootNodes: nodes })],
  ])("is refused if it is %s", (_, connection) => {
    expect(() => new RedisDriver(connection as RedisConnection)).toThrow(InvalidArgumentError);
  });

  it("is accepted if no option would break a guarantee", () => {
    const accepted = [
      createClient(),
      createCluster({ rootNodes }),
      createCluster({ rootNodes, useReplicas: false }),
      new Redis(VALID),
      new Redis({ ...VALID, keyPrefix: "" }),
      new Cluster(nodes, lazy),
      new Cluster(nodes, { ...lazy, scaleReads: "master" }),
    ];
    for (const connection of accepted) expect(new RedisDriver(connection).name).toBe("redis");
  });

  it("is refused with limits that are out of range", () => {
    for (const options of [{ timeout: 0 }, { timeout: -1 }, { maxPending: 0 }, { maxPending: 1.5 }]) {
      expect(() => new RedisDriver(createClient(), options)).toThrow(InvalidArgumentError);
    }
  });
});

const OPEN: readonly [string, (url: string) => Promise<{ connection: RedisConnection; end(): void }>][] = [
  [
    "node-redis",
    async (url) => {
      const connection = createClient({ url });
      connection.on("error", () => {});
      await connection.connect();
      return { connection, end: () => connection.destroy() };
    },
  ],
  [
    "ioredis",
    async (url) => {
      const connection = new Redis(url, { autoResendUnfulfilledCommands: false });
      connection.on("error", () => {});
      return { connection, end: () => connection.disconnect() };
    },
  ],
];

describe.each(OPEN)("over %s", (name, make) => {
  async function passedIn(url: string, options = { timeout: SHORT_TIMEOUT }): Promise<RedisDriver> {
    const { connection, end } = await make(url);
    const driver = new RedisDriver(connection, options);
    onTestFinished(() => {
      driver.close();
      end();
    });
    return driver;
  }

  it("calls are neither lost, applied twice nor late while connections are killed", async () => {
    const server = await RedisServer.start();
    const load = loadOn(over(await passedIn(server.url)));
    for (let round = 0; round < 5; round++) {
      await load.successes(100);
      await server.killClients();
      expect(await load.successes(20)).toBeLessThan(RECOVERY);
    }
    expect(await load.problems(true)).toEqual([]);
    // ioredis never settles a command that was in flight: the call times out.
    expect(Object.keys(load.failed)).toContain(name === "ioredis" ? "ERR_TIMEOUT unknown" : "ERR_UNAVAILABLE unknown");
  });

  it("calls are neither lost, applied twice nor late when the server is killed and restarts", async () => {
    const server = await RedisServer.start(DURABLE);
    const load = loadOn(over(await passedIn(server.url)));
    await load.successes(100);
    await server.kill();
    await load.failures(20);
    await server.restart();
    await load.successes(100);
    expect(await load.problems(true)).toEqual([]);
  });

  it("calls time out while the server is frozen, and are neither lost, applied twice nor late", async () => {
    const server = await RedisServer.start();
    const load = loadOn(over(await passedIn(server.url)));
    await load.successes(100);
    server.freeze();
    await load.failures(40);
    server.resume();
    expect(await load.successes(100)).toBeLessThan(RECOVERY);
    expect(await load.problems(true)).toEqual([]);
    expect(load.failed).toHaveProperty("ERR_TIMEOUT unknown");
  });

  it("a late reply meets no other call, and no write is sent twice", async () => {
    const proxy = await FaultProxy.to(await RedisServer.start());
    const client = over(await passedIn(proxy.url));
    await client.mSet({ a: "value of a", b: "value of b" });
    const reply = proxy.reply;
    const held = frozen();
    proxy.reply = held;
    const calls = [client.find("a"), client.set("c", "unique")];
    for (const call of calls) expect(await rejection(call)).toBeInstanceOf(TimeoutError);
    proxy.reply = reply;
    held.thaw();
    expect(await client.find("b")).toBe("value of b");
    expect(await client.find("c")).toBe("unique");
    expect(proxy.sent("unique")).toBe(1);
  });

  it("close refuses later calls, rejects pending ones as unknown, and leaves the client open", async () => {
    const proxy = await FaultProxy.to(await RedisServer.start());
    const { connection, end } = await make(proxy.url);
    onTestFinished(end);
    const driver = new RedisDriver(connection);
    const client = over(driver);
    await client.set("a", "1");
    const reply = proxy.reply;
    const held = frozen();
    proxy.reply = held;
    const pending = settled(client.find("a"), PATIENCE);
    await eventually("the request", () => proxy.sent("app:users:a") >= 2);
    driver.close();
    driver.close();
    expect((await pending).error).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "unknown" });
    expect(await rejection(client.find("a"))).toBeInstanceOf(UnavailableError);
    held.thaw();
    proxy.reply = reply;
    const again = over(new RedisDriver(connection));
    expect(await again.find("a")).toBe("1");
  });

  it("sends nothing of calls that were all aborted in their tick", async () => {
    const proxy = await FaultProxy.to(await RedisServer.start());
    const driver = await passedIn(proxy.url);
    const reason = new Error("no longer wanted");
    const abort = new AbortController();
    const call = rejection(driver.set("app:users:", "a", "never sent", 0, { signal: abort.signal }));
    abort.abort(reason);
    expect(await call).toBe(reason);
    await over(driver).set("a", "1");
    expect(proxy.sent("never sent")).toBe(0);
  });

  it("close refuses calls of its tick, not applied", async () => {
    const driver = await passedIn((await RedisServer.start()).url);
    const call = rejection(over(driver).set("a", "1"));
    driver.close();
    expect(await call).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
  });

  it("a listing starts again after a reconnect", async () => {
    const server = await RedisServer.start();
    const proxy = await FaultProxy.to(server);
    const client = over(await passedIn(proxy.url, { timeout: 3_000 }));
    const keys = Array.from({ length: 3_000 }, (_, at) => `key ${at}`);
    for (let from = 0; from < keys.length; from += 1_000) {
      await client.mSet(keys.slice(from, from + 1_000).map((key) => [key, "1"]));
    }
    const listing = client.scan();
    const found = [(await listing.next()).value];
    const from = "$4\r\nSCAN\r\n$1\r\n0\r\n";
    const sent = (): number => proxy.sent(from) + proxy.sent(from.toLowerCase());
    expect(sent()).toBe(1);
    proxy.reset();
    // ioredis never settles what was in flight when the connection was lost: it times out.
    await eventually("a connection", () => client.exists("key 0"), RECOVERY);
    for await (const key of listing) found.push(key);
    expect(new Set(found)).toEqual(new Set(keys));
    expect(found).toHaveLength(keys.length);
    expect(sent()).toBe(2);
  });
});

describe("commands over ioredis", () => {
  it("have names in lower case, by which ioredis 5 finds the keys of some", async () => {
    for (const isCluster of [false, true]) {
      const names: string[] = [];
      const connection: RedisConnection = {
        isCluster,
        options: { autoResendUnfulfilledCommands: false, retryDelayOnFailover: 0 },
        status: "ready",
        callBuffer: async (name) => {
          names.push(name);
          throw new Error("ERR of no interest");
        },
      };
      const client = over(new RedisDriver(connection));
      const calls = [client.set("a", "1"), client.find("a"), client.delete("a"), client.incr("a"), client.keys()];
      await Promise.all(calls.map((call: Promise<unknown>) => rejection(call)));
      expect(names.sort()).toEqual(["eval", "mget", "scan", "set", "unlink"]);
    }
  });
});

describe("a client that is not open", () => {
  it.each<[string, () => RedisConnection]>([
    ["node-redis", () => createClient()],
    ["a node-redis cluster", () => createCluster({ rootNodes })],
  ])("refuses calls, not applied, if it is %s that was never connected", async (_, make) => {
    await refuses(make());
  });

  it.each(OPEN)("refuses calls, not applied, if it is one of %s that is closed", async (_, make) => {
    const { connection, end } = await make((await RedisServer.start()).url);
    await over(new RedisDriver(connection)).set("a", "1");
    end();
    await eventually("the end", () => !("status" in connection) || connection.status === "end");
    await refuses(connection);
  });

  async function refuses(connection: RedisConnection): Promise<void> {
    const client = over(new RedisDriver(connection));
    for (const call of [client.set("a", "1"), client.find("a"), client.incr("a")]) {
      expect(await rejection(call)).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    }
  }
});

describe("a library that throws instead of rejecting", () => {
  it("makes only the call fail that it cannot encode, not applied, and no other of its tick", async () => {
    const connection: RedisConnection = {
      isCluster: false,
      options: { autoResendUnfulfilledCommands: false },
      status: "ready",
      callBuffer: (name) => {
        if (name === "mset") throw new RangeError("Invalid string length");
        return Promise.resolve("OK");
      },
    };
    const client = over(new RedisDriver(connection, { timeout: LONG_TIMEOUT }));
    const failing = settled(rejection(client.mSet({ a: "1", b: "2" })), PATIENCE);
    const neighbour = settled(client.set("c", "3"), PATIENCE);
    expect((await failing).value).toMatchObject({ code: "ERR_DRIVER", outcome: "not-applied" });
    expect((await neighbour).error).toBeUndefined();
  });
});

describe("over a node-redis cluster", () => {
  /** A cluster that knows one slot, whose node replies like this. */
  function clusterOf(answer: () => Promise<unknown>): { connection: RedisConnection; asked: string[] } {
    const asked: string[] = [];
    const client = {
      sendCommand: () => {
        asked.push("node");
        return answer();
      },
    };
    const slots = [];
    slots[slotOf("app:users:a")] = { master: {} };
    const connection = {
      isOpen: true,
      masters: [],
      slots,
      nodeClient: async () => client,
      sendCommand: async () => {
        asked.push("cluster");
        return [Buffer.from("anywhere")];
      },
    };
    return { connection: connection as unknown as RedisConnection, asked };
  }

  it("a call about a slot without a known node is sent by the cluster", async () => {
    const { connection, asked } = clusterOf(async () => [null]);
    expect(await over(new RedisDriver(connection)).find("b")).toBe("anywhere");
    expect(asked).toEqual(["cluster"]);
  });

  it.each(["MOVED 1 127.0.0.1:1", "ASK 1 127.0.0.1:1"])(
    "a call that a node refuses with %s is sent again by the cluster",
    async (message) => {
      const { connection, asked } = clusterOf(async () => {
        throw new Error(message);
      });
      expect(await over(new RedisDriver(connection)).find("a")).toBe("anywhere");
      expect(asked).toEqual(["node", "cluster"]);
    },
  );

  it("a call that a node refuses for another reason is not sent again", async () => {
    for (const thrown of [new Error("OOM command not allowed"), new Error("Socket closed"), "no error"]) {
      const { connection, asked } = clusterOf(async () => {
        throw thrown;
      });
      await rejection(over(new RedisDriver(connection)).set("a", "1"));
      expect(asked).toEqual(["node"]);
    }
  });
});

describe("a client with options of its own", () => {
  it.each<[string, () => Redis]>([
    ["stringNumbers", () => new Redis({ ...VALID, stringNumbers: true })],
    ["enableAutoPipelining", () => new Redis({ ...VALID, enableAutoPipelining: true })],
    ["showFriendlyErrorStack", () => new Redis({ ...VALID, showFriendlyErrorStack: true })],
  ])("returns the same results, or is refused, if it is one of ioredis with %s", async (option, make) => {
    const server = await RedisServer.start();
    const connection = make();
    connection.options.port = server.port;
    onTestFinished(() => connection.disconnect());
    let driver: RedisDriver;
    try {
      driver = new RedisDriver(connection);
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidArgumentError);
      expect((error as Error).message).toContain(option);
      return;
    }
    await exercise(driver);
  });

  it.each<[string, object]>([
    ["RESP 2", { RESP: 2 }],
    ["RESP 3", { RESP: 3 }],
    ["a type mapping of its own", { commandOptions: { typeMapping: { 58: String, 36: String, 43: Buffer } } }],
    ["a short timeout of its own", { commandOptions: { timeout: 1 } }],
    ["no offline queue", { disableOfflineQueue: true }],
  ])("returns the same results if it is one of node-redis with %s", async (_, options) => {
    const server = await RedisServer.start();
    const connection = createClient({ url: server.url, ...options });
    await connection.connect();
    onTestFinished(() => connection.destroy());
    await exercise(new RedisDriver(connection));
  });

  it("keeps calls in order if it is one of node-redis that sends commands as soon as possible", async () => {
    const server = await RedisServer.start();
    const connection = createClient({ url: server.url });
    await connection.connect();
    onTestFinished(() => connection.destroy());
    const client = over(new RedisDriver(connection.withCommandOptions({ asap: true })));
    const calls = [client.set("a", "1"), client.find("a"), client.set("a", "2"), client.find("a"), client.delete("a")];
    expect(await Promise.all(calls)).toEqual([undefined, "1", undefined, "2", true]);
  });

  async function exercise(driver: RedisDriver): Promise<void> {
    const client = over(driver);
    expect(await client.setNX("a", "1")).toBe(true);
    expect(await client.setNX("a", "1")).toBe(false);
    expect(await client.exists("a")).toBe(true);
    expect(await client.ttl("a")).toBe(-1);
    expect(await client.incr("a", 2 ** 53 - 2)).toBe(2 ** 53 - 1);
    expect(await Promise.all([client.find("a"), client.find("b")])).toEqual([String(2 ** 53 - 1), undefined]);
    await client.expire("a", "1h");
    await client.persist("a");
    expect(await client.getSet("a", "x")).toBe(String(2 ** 53 - 1));
    expect(await client.compareAndSwap("a", "x", "y")).toBe(true);
    expect(await client.compareAndDelete("a", "x")).toBe(false);
    expect(await client.keys()).toEqual(["a"]);
    expect(await client.mDel(["a", "b"])).toBe(1);
    expect(await client.delete("a")).toBe(false);
    expect((await rejection<TimeoutError>(client.ttl("a"))).code).toBe("ERR_NOT_FOUND");
  }
});
