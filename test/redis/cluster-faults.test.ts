import { afterEach, describe, expect, it, vi } from "vitest";
import { UnavailableError } from "../../src/errors.js";
import { LONG_TIMEOUT, PATIENCE, RECOVERY } from "../network/connecting.js";
import { loadOn } from "../network/faults.js";
import type { Texts } from "../support/load.js";
import { eventually, settled } from "../support/waiting.js";
import { RedisCluster } from "./cluster-servers.js";
import { open, over } from "./opening.js";
import type { RedisServer } from "./servers.js";
import { DURABLE } from "./subject.js";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

/** Shorter than a failover takes, in milliseconds. */
const TIMEOUT = 800;

const cluster = await RedisCluster.start(DURABLE);

afterEach(async () => {
  for (const node of cluster.nodes) node.resume();
  await cluster.settle();
});

/** A client over a driver of its own. */
async function openIn(domain: string, timeout = TIMEOUT, addresses = cluster.addresses): Promise<Texts> {
  const { driver } = await open({ cluster: addresses, timeout });
  return over(driver, "app", domain);
}

describe("calls under load on a Cluster", () => {
  it.each([
    ["killed", (node: RedisServer) => node.kill()],
    ["frozen", async (node: RedisServer) => node.freeze()],
  ] as const)("about keys of a primary that is %s succeed again soon after the failover", async (name, fell) => {
    const client = await openIn(name);
    const load = loadOn(client, TIMEOUT);
    await load.successes(200);
    const [primary, witness] = (await cluster.primaries()) as [RedisServer, RedisServer];
    const keys = await cluster.keysOn(primary, 5);
    await fell(primary);
    await cluster.failedOver(primary, witness);
    const start = performance.now();
    for (const key of keys) await eventually(`a write of ${key}`, () => client.set(key, "1"), RECOVERY);
    expect(performance.now() - start).toBeLessThan(RECOVERY);
    await load.successes(500);
    // Replication is asynchronous: Redis may lose acknowledged writes.
    expect(await load.problems(false)).toEqual([]);
    expect(Object.keys(load.failed)).not.toEqual([]);
    if (name === "killed") await primary.restart();
  });

  it("are neither lost nor applied twice when a primary hands over to its replica", async () => {
    const client = await openIn("handover");
    const load = loadOn(client, TIMEOUT);
    await load.successes(200);
    const [primary, witness] = (await cluster.primaries()) as [RedisServer, RedisServer];
    const range = (await cluster.slots(witness)).find(({ nodes }) => nodes[0] === primary.port);
    const replica = cluster.nodes.find(({ port }) => port === range?.nodes[1]) as RedisServer;
    await replica.command("CLUSTER", "FAILOVER");
    await cluster.failedOver(primary, witness);
    await load.successes(500);
    expect(await load.problems(true)).toEqual([]);
  });

  it("are refused at once while most primaries are gone, and succeed again once these are back", async () => {
    const [client, patient] = [await openIn("minority"), await openIn("minority", LONG_TIMEOUT)];
    const load = loadOn(client, TIMEOUT);
    await load.successes(100);
    const [alive, ...frozen] = (await cluster.primaries()) as [RedisServer, RedisServer, RedisServer];
    for (const node of frozen) node.freeze();
    await eventually("a Cluster that is down", async () =>
      String(await alive.command("CLUSTER", "INFO")).includes("cluster_state:fail"),
    );
    const [key] = (await cluster.keysOn(alive, 1)) as [string];
    const { error } = await settled(patient.set(key, "1"), PATIENCE);
    expect(error).toBeInstanceOf(UnavailableError);
    expect((error as UnavailableError).outcome).toBe("not-applied");
    for (const node of frozen) node.resume();
    await cluster.settle();
    expect(await load.successes(500)).toBeLessThan(RECOVERY);
    expect(await load.problems(true)).toEqual([]);
  });
});

describe("a listing on a Cluster", () => {
  it("continues through a failover, if the timeout is longer", async () => {
    const client = await openIn("through", LONG_TIMEOUT);
    const primaries = await cluster.primaries();
    const tags = await Promise.all(primaries.map(async (node) => (await cluster.keysOn(node, 1))[0] as string));
    const keys = tags.flatMap((tag) => Array.from({ length: 2_500 }, (_, at) => `${tag}${at}`));
    await client.mSet(keys.map((key) => [key, "1"]));
    for (const node of primaries) {
      await eventually("a replica with the data", async () => {
        const [sent, had] = [
          await node.info("master_repl_offset"),
          /offset=(\d+)/.exec((await node.info("slave0")) ?? "")?.[1],
        ];
        return sent === had;
      });
    }
    const found: string[] = [];
    let killed: RedisServer | undefined;
    try {
      for await (const key of client.scan()) {
        found.push(key);
        if (killed !== undefined) continue;
        // Half way through the node that it lists.
        killed = await cluster.primaryOf(key);
        await killed.kill();
      }
    } finally {
      await killed?.restart();
    }
    expect(new Set(found)).toEqual(new Set(keys));
    expect(found).toHaveLength(keys.length);
  });
});

describe("a driver of a Cluster", () => {
  it("reaches the Cluster when the node that it connected to first is gone", async () => {
    const [seed, witness] = (await cluster.primaries()) as [RedisServer, RedisServer];
    const client = await openIn("gone", TIMEOUT, [seed.address]);
    await client.set("a", "1");
    await seed.kill();
    await cluster.failedOver(seed, witness);
    const keys = [...(await cluster.keysOn(witness, 2)), ...Array.from({ length: 20 }, (_, at) => `key ${at}`)];
    for (const key of keys) await eventually(`a write of ${key}`, () => client.set(key, "1"), RECOVERY);
    await seed.restart();
  });

  it("holds no call longer than its timeout while a failover takes longer", async () => {
    const client = await openIn("holding");
    const [primary, witness] = (await cluster.primaries()) as [RedisServer, RedisServer];
    const [key] = (await cluster.keysOn(primary, 1)) as [string];
    await client.set(key, "1");
    primary.freeze();
    const { error, took } = await settled(client.set(key, "2"), TIMEOUT + PATIENCE);
    expect(error).toMatchObject({ outcome: "unknown" });
    expect(took).toBeGreaterThan(TIMEOUT - 100);
    await cluster.failedOver(primary, witness);
    await eventually("a write", () => client.set(key, "3"), RECOVERY);
    primary.resume();
    await cluster.settle();
    expect(await eventually("a read", () => client.find(key))).toBe("3");
  });
});
