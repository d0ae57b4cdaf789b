import { Cluster } from "ioredis";
import { createCluster } from "redis";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { type RedisConnection, RedisDriver } from "../../src/redis/index.js";
import { slotOf } from "../../src/redis/routing/slot.js";
import { Load, type Texts } from "../support/load.js";
import { rejection } from "../support/promises.js";
import { eventually } from "../support/waiting.js";
import { RedisCluster } from "./cluster-servers.js";
import { over } from "./opening.js";
import type { RedisServer } from "./servers.js";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const TIMEOUT = 800;

const cluster = await RedisCluster.start({ appendonly: "yes", appendfsync: "always" });

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
  async function open(domain: string): Promise<Texts> {
    const { connection, end } = await make();
    const driver = new RedisDriver(connection, { timeout: TIMEOUT });
    onTestFinished(() => {
      driver.close();
      end();
    });
    return over(driver, name, domain);
  }

  it("connections that are killed on every node: nothing is lost, applied twice or late", async () => {
    const load = new Load(await open("killing"), { timeout: TIMEOUT });
    for (let round = 0; round < 3; round++) {
      await load.successes(200);
      for (const node of cluster.nodes) await node.killClients();
      await load.successes(100);
    }
    expect(await load.problems(true)).toEqual([]);
    expect(Object.keys(load.failed).some((failure) => failure.endsWith("unknown"))).toBe(true);
  });

  it("slots that move, with keys on two nodes: nothing is lost, applied twice or late", async () => {
    const tag = "{moving}";
    const load = new Load(await open("moving"), { timeout: TIMEOUT, prefix: tag });
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

  it("calls of one key, made in one tick, keep their order", async () => {
    const client = await open("order");
    const calls = Array.from({ length: 12 }, (_, at) => `key ${at}`).map((key) =>
      Promise.all([client.set(key, key), client.find(key), client.delete(key), client.find(key)]),
    );
    for (const [at, answers] of (await Promise.all(calls)).entries()) {
      expect(answers).toEqual([undefined, `key ${at}`, true, undefined]);
    }
  });

  it("calls of one key keep their order where their node does not know a script that another knows", async () => {
    for (const node of cluster.nodes) await node.command("SCRIPT", "FLUSH");
    const client = await open("scripts");
    await client.incr("first");
    const keys = Array.from({ length: 12 }, (_, at) => `key ${at}`);
    const calls = keys.map((key) => Promise.all([client.incr(key), client.find(key), client.set(key, "100")]));
    for (const answers of await Promise.all(calls)) expect(answers).toEqual([1, "1", undefined]);
    expect(await client.mGet(keys)).toEqual(new Map(keys.map((key) => [key, "100"])));
  });

  it("a primary that is killed: nothing is applied twice or late, and its keys are served again", async () => {
    const client = await open("killed");
    const own = await RedisDriver.connect({ cluster: cluster.addresses });
    onTestFinished(() => own.close());
    const load = new Load(client, { timeout: TIMEOUT });
    await load.successes(200);
    const primary = await cluster.primaryOf("key");
    await primary.kill();
    await load.failures(1);
    await eventually("a write", () => client.set("key", "1"), 20_000).finally(() => primary.restart());
    expect(await load.problems(false, over(own, name, "killed"))).toEqual([]);
  });
});

describe.each(OPEN)("over a cluster of %s that is closed", (_, make) => {
  it("calls are refused, not applied", async () => {
    const { connection, end } = await make();
    const client = over(new RedisDriver(connection, { timeout: TIMEOUT }));
    await client.set("a", "1");
    end();
    // That of ioredis is closed when its nodes are.
    await eventually("the end", () => !("status" in connection) || /close|end/.test(connection.status));
    expect(await rejection(client.set("a", "2"))).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
  });
});
