import { Cluster } from "ioredis";
import { createCluster } from "redis";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { slotOf } from "../../src/redis/commands/slot.js";
import { type RedisConnection, RedisDriver } from "../../src/redis/index.js";
import { LONG_TIMEOUT, SHORT_TIMEOUT } from "../network/connecting.js";
import { loadOn } from "../network/faults.js";
import type { Texts } from "../support/load.js";
import { rejection } from "../support/promises.js";
import { eventually } from "../support/waiting.js";
import { RedisCluster } from "./cluster-servers.js";
import { over } from "./opening.js";
import type { RedisServer } from "./servers.js";
import { DURABLE } from "./subject.js";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const cluster = await RedisCluster.start(DURABLE);

afterEach(() => cluster.settle());

const OPEN: readonly [string, () => Promise<{ connection: RedisConnection; end(): void }>][] = [
  [
    "node-redis",
    async () => {
      const connection = createCluster({ rootNodes: cluster.nodes.map(({ url }) => ({ url })) });
      connection.on("error", () => {});
      await connection.connect();
      return { connection, end: () => connection.destroy() };
    },
  ],
  [
    "ioredis",
    async () => {
      const nodes = cluster.nodes.map(({ port }) => ({ host: "127.0.0.1", port }));
      const connection = new Cluster(nodes, { retryDelayOnFailover: 0 });
      connection.on("error", () => {});
      return { connection, end: () => connection.disconnect() };
    },
  ],
];

describe.each(OPEN)("over a cluster of %s", (name, make) => {
  async function open(domain: string, timeout = LONG_TIMEOUT): Promise<Texts> {
    const { connection, end } = await make();
    const driver = new RedisDriver(connection, { timeout });
    onTestFinished(() => {
      driver.close();
      end();
    });
    return over(driver, name, domain);
  }

  it("calls are neither lost, applied twice nor late while connections are killed on every node", async () => {
    const load = loadOn(await open("killing", SHORT_TIMEOUT));
    for (let round = 0; round < 3; round++) {
      await load.successes(200);
      for (const node of cluster.nodes) await node.killClients();
      await load.successes(100);
    }
    expect(await load.problems(true)).toEqual([]);
    expect(Object.keys(load.failed).some((failure) => failure.endsWith("unknown"))).toBe(true);
  });

  it("calls are neither lost, applied twice nor late while slots move", async () => {
    const tag = "{moving}";
    const load = loadOn(await open("moving", SHORT_TIMEOUT), SHORT_TIMEOUT, tag);
    await load.successes(200);
    const [first, second] = (await cluster.primaries()) as [RedisServer, RedisServer];
    const home = await cluster.primaryOf(tag);
    const away = home === first ? second : first;
    await cluster.move(slotOf(tag), home, away, () => load.successes(200));
    await load.successes(200);
    await cluster.move(slotOf(tag), away, home, () => load.successes(200));
    await load.successes(200);
    expect(await load.problems(true)).toEqual([]);
  });

  it("listings and clear find the keys on every primary", async () => {
    const client = await open("listing");
    const keys = Array.from({ length: 500 }, (_, at) => `key ${at}`);
    await client.mSet(keys.map((key) => [key, "1"]));
    expect((await client.keys()).sort()).toEqual([...keys].sort());
    await client.clear();
    expect(await client.keys()).toEqual([]);
  });

  it("calls about one key that are made in one tick keep their order", async () => {
    const client = await open("order");
    const calls = Array.from({ length: 12 }, (_, at) => `key ${at}`).map((key) =>
      Promise.all([client.set(key, key), client.find(key), client.delete(key), client.find(key)]),
    );
    for (const [at, answers] of (await Promise.all(calls)).entries()) {
      expect(answers).toEqual([undefined, `key ${at}`, true, undefined]);
    }
  });

  it("calls about one key keep their order when their node does not know a script that another knows", async () => {
    for (const node of cluster.nodes) await node.command("SCRIPT", "FLUSH");
    const client = await open("scripts");
    await client.incr("first");
    const keys = Array.from({ length: 12 }, (_, at) => `key ${at}`);
    const calls = keys.map((key) => Promise.all([client.incr(key), client.find(key), client.set(key, "100")]));
    for (const answers of await Promise.all(calls)) expect(answers).toEqual([1, "1", undefined]);
    expect(await client.mGet(keys)).toEqual(new Map(keys.map((key) => [key, "100"])));
  });

  it("calls are neither applied twice nor late when a primary is killed, and succeed again", async () => {
    const client = await open("killed", SHORT_TIMEOUT);
    const own = await RedisDriver.connect({ cluster: cluster.addresses });
    onTestFinished(() => own.close());
    const load = loadOn(client);
    await load.successes(200);
    const primary = await cluster.primaryOf("key");
    await primary.kill();
    await load.failures(1);
    await eventually("a write", () => client.set("key", "1"), 60_000).finally(() => primary.restart());
    expect(await load.problems(false, over(own, name, "killed"))).toEqual([]);
  });
});

describe.each(OPEN)("over a cluster of %s that is closed", (_, make) => {
  it("refuses calls, not applied", async () => {
    const { connection, end } = await make();
    const client = over(new RedisDriver(connection, { timeout: LONG_TIMEOUT }));
    await client.set("a", "1");
    end();
    // One of ioredis is closed only when its nodes are.
    await eventually("the end", () => !("status" in connection) || /close|end/.test(connection.status));
    expect(await rejection(client.set("a", "2"))).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
  });
});
