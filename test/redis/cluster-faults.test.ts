import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { NamestoreError, UnavailableError } from "../../src/errors.js";
import { RedisDriver } from "../../src/redis/index.js";
import { slotOf } from "../../src/redis/routing/slot.js";
import { Load, type Texts } from "../support/load.js";
import { eventually, settled } from "../support/waiting.js";
import { NODE_TIMEOUT, RedisCluster } from "./cluster-servers.js";
import { over } from "./opening.js";
import type { RedisServer } from "./servers.js";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const TIMEOUT = 800;

/** The longest that calls may fail once the Cluster is in order again, in milliseconds. */
const RECOVERY = 2_000;

const cluster = await RedisCluster.start({ appendonly: "yes", appendfsync: "always" });

afterEach(async () => {
  for (const node of cluster.nodes) node.resume();
  await cluster.settle();
});

/** A client over a driver of this test's own. */
async function open(domain: string, addresses = cluster.addresses): Promise<{ driver: RedisDriver; client: Texts }> {
  const driver = await RedisDriver.connect({ cluster: addresses, timeout: TIMEOUT });
  onTestFinished(() => driver.close());
  return { driver, client: over(driver, "app", domain) };
}

/** Keys whose slots lie on this node. */
async function keysOn(node: RedisServer, count: number): Promise<string[]> {
  const ranges = (await cluster.slots(node)).filter(({ nodes }) => nodes[0] === node.port);
  const keys: string[] = [];
  for (let at = 0; keys.length < count; at++) {
    const slot = slotOf(`{${at}}`);
    if (ranges.some(({ from, to }) => from <= slot && slot <= to)) keys.push(`{${at}}`);
  }
  return keys;
}

/** Waits until the others have elected a replica in the place of this primary; its keys are theirs then. */
async function failedOver(primary: RedisServer, witness: RedisServer): Promise<void> {
  await eventually("a failover", async () => {
    const ranges = await cluster.slots(witness);
    const info = String(await witness.command("CLUSTER", "INFO"));
    return info.includes("cluster_state:ok") && ranges.every(({ nodes }) => nodes[0] !== primary.port);
  });
}

describe("under load on a Cluster", () => {
  it.each([
    ["killed", (node: RedisServer) => node.kill()],
    ["frozen", async (node: RedisServer) => node.freeze()],
  ] as const)("a primary that is %s: its keys are served within 2 s of the failover", async (name, fell) => {
    const { client } = await open(name);
    const load = new Load(client, { timeout: TIMEOUT });
    await load.successes(200);
    const [primary, witness] = (await cluster.primaries()) as [RedisServer, RedisServer];
    const keys = await keysOn(primary, 5);
    await fell(primary);
    await failedOver(primary, witness);
    const start = performance.now();
    for (const key of keys) await eventually(`a write of ${key}`, () => client.set(key, "1"), RECOVERY);
    expect(performance.now() - start).toBeLessThan(RECOVERY);
    await load.successes(500);
    // Replication is asynchronous: what Redis lost is not ours to judge.
    expect(await load.problems(false)).toEqual([]);
    expect(Object.keys(load.failed)).not.toEqual([]);
    if (name === "killed") await primary.restart();
  });

  it("a primary that hands over to its replica: nothing is lost or applied twice", async () => {
    const { client } = await open("handover");
    const load = new Load(client, { timeout: TIMEOUT });
    await load.successes(200);
    const [primary, witness] = (await cluster.primaries()) as [RedisServer, RedisServer];
    const range = (await cluster.slots(witness)).find(({ nodes }) => nodes[0] === primary.port);
    const replica = cluster.nodes.find(({ port }) => port === range?.nodes[1]) as RedisServer;
    await replica.command("CLUSTER", "FAILOVER");
    await failedOver(primary, witness);
    await load.successes(500);
    expect(await load.problems(true)).toEqual([]);
  });

  it("connections that are killed on every node: nothing is lost, applied twice or late", async () => {
    const { client } = await open("killing");
    const load = new Load(client, { timeout: TIMEOUT });
    for (let round = 0; round < 5; round++) {
      await load.successes(100);
      for (const node of cluster.nodes) await node.killClients();
      expect(await load.successes(100)).toBeLessThan(RECOVERY);
    }
    expect(await load.problems(true)).toEqual([]);
    expect(load.failed).toHaveProperty("ERR_UNAVAILABLE unknown");
  });

  it("slots that move, with keys on two nodes: no call fails, and nothing is lost or applied twice", async () => {
    const { client } = await open("moving");
    // In one slot, so that calls of one tick share commands about keys that lie on two nodes.
    const tag = "{moving}";
    const load = new Load(client, { timeout: TIMEOUT, prefix: tag });
    const other = new Load(client, { timeout: TIMEOUT });
    await Promise.all([load.successes(200), other.successes(200)]);
    const slot = slotOf(tag);
    const before = { asks: await cluster.errors("ASK"), again: await cluster.errors("TRYAGAIN") };
    const [first, second] = (await cluster.primaries()) as [RedisServer, RedisServer];
    const home = await cluster.primaryOf(tag);
    const away = home === first ? second : first;
    for (const [from, to] of [
      [home, away],
      [away, home],
      [home, away],
      [away, home],
    ] as const) {
      await cluster.move(slot, from, to, () => load.successes(300));
      await load.successes(100);
    }
    expect(await load.problems(true)).toEqual([]);
    expect(await other.problems(true)).toEqual([]);
    expect([load.failed, other.failed]).toEqual([{}, {}]);
    expect(await cluster.errors("ASK")).toBeGreaterThan(before.asks);
    expect(await cluster.errors("TRYAGAIN")).toBeGreaterThan(before.again);
  });

  it("a majority that is gone: calls end in time, and succeed again once it is back", async () => {
    const { client } = await open("minority");
    const load = new Load(client, { timeout: TIMEOUT });
    await load.successes(100);
    const [alive, ...frozen] = (await cluster.primaries()) as [RedisServer, RedisServer, RedisServer];
    for (const node of frozen) node.freeze();
    await eventually("a Cluster that is down", async () =>
      String(await alive.command("CLUSTER", "INFO")).includes("cluster_state:fail"),
    );
    const [key] = (await keysOn(alive, 1)) as [string];
    const { error, took } = await settled(client.set(key, "1"), TIMEOUT + 1_000);
    expect(error).toBeInstanceOf(UnavailableError);
    expect((error as UnavailableError).outcome).toBe("not-applied");
    expect(took).toBeLessThan(TIMEOUT);
    for (const node of frozen) node.resume();
    await cluster.settle();
    expect(await load.successes(500)).toBeLessThan(RECOVERY);
    expect(await load.problems(true)).toEqual([]);
  });
});

describe("a batch on a Cluster", () => {
  it("of keys that lie on two nodes while their slot moves is refused, not applied, or served whole", async () => {
    const { client } = await open("batches");
    const keys = Array.from({ length: 20 }, (_, at) => `{batches}${at}`);
    await client.mSet(keys.map((key) => [key, "old"]));
    const home = await cluster.primaryOf("{batches}");
    const [first, second] = (await cluster.primaries()) as [RedisServer, RedisServer];
    const away = home === first ? second : first;
    await cluster.move(slotOf("{batches}"), home, away, async () => {
      for (const call of [
        client.mGet(keys),
        client.mSet(keys.map((key) => [key, "new"])),
        client.mSet(
          keys.map((key) => [key, "new"]),
          { ttl: "1h" },
        ),
        client.mDel(keys),
      ]) {
        const { error } = await settled<unknown>(call, TIMEOUT + 1_000);
        if (error !== undefined) expect(error).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
      }
      expect(await client.find("{batches}0")).toBe("old");
      expect(await client.find("{batches}19")).toBe("old");
    });
    expect((await client.mGet(keys)).size).toBe(20);
    expect(await client.mDel(keys)).toBe(20);
    await cluster.move(slotOf("{batches}"), away, home, async () => {});
  });
});

describe("a listing on a Cluster", () => {
  it("lists and clears what lies on every primary, and nothing else", async () => {
    const { client, driver } = await open("listing");
    const others = over(driver, "app", "listing*");
    const keys = Array.from({ length: 3_000 }, (_, at) => `key ${at}`);
    await client.mSet(keys.map((key) => [key, "1"]));
    await others.set("kept", "1");
    expect((await client.keys()).sort()).toEqual([...keys].sort());
    await others.clear();
    expect(await client.keys()).toHaveLength(keys.length);
    await others.set("kept", "1");
    await client.clear();
    expect(await client.keys()).toEqual([]);
    expect(await others.keys()).toEqual(["kept"]);
  });

  it("sees slots that moved while nobody called", async () => {
    const { client } = await open("unseen");
    const other = (await open("unseen")).client;
    const keys = Array.from({ length: 50 }, (_, at) => `{unseen}${at}`);
    await client.mSet(keys.map((key) => [key, "1"]));
    const home = await cluster.primaryOf("{unseen}");
    const [first, second] = (await cluster.primaries()) as [RedisServer, RedisServer];
    const away = home === first ? second : first;
    await cluster.move(slotOf("{unseen}"), home, away, async () => {});
    expect(await other.keys()).toHaveLength(keys.length);
    await cluster.move(slotOf("{unseen}"), away, home, async () => {});
    await other.clear();
    expect(await client.keys()).toEqual([]);
  });

  it("goes on through a failover, where its timeout allows for it", async () => {
    const driver = await RedisDriver.connect({ cluster: cluster.addresses, timeout: 10_000 });
    onTestFinished(() => driver.close());
    const client = over(driver, "app", "through");
    const primaries = await cluster.primaries();
    const tags = await Promise.all(primaries.map(async (node) => (await keysOn(node, 1))[0] as string));
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

  it("lists a key that is there throughout, though its slot moves behind the listing's back", async () => {
    const { client } = await open("behind");
    const writer = (await open("behind")).client;
    const tags = await Promise.all(
      (await cluster.primaries()).map(async (node) => (await keysOn(node, 1))[0] as string),
    );
    const keys = tags.flatMap((tag) => Array.from({ length: 1_500 }, (_, at) => `${tag}${at}`));
    await writer.mSet(keys.map((key) => [key, "1"]));

    const found = new Set<string>();
    const listed = new Set<string>();
    let back: (() => Promise<void>) | undefined;
    for await (const key of client.scan()) {
      found.add(key);
      listed.add(key.slice(0, key.indexOf("}") + 1));
      if (listed.size < 2 || back !== undefined) continue;
      // The keys of the node that the listing has not come to go to the one where it has been.
      const tag = tags.find((each) => !listed.has(each)) as string;
      const [from, to] = [await cluster.primaryOf(tag), await cluster.primaryOf([...listed][0] as string)];
      await cluster.move(slotOf(tag), from, to, async () => {});
      back = () => cluster.move(slotOf(tag), to, from, async () => {});
    }
    await writer.clear();
    await back?.();
    expect(back).toBeDefined();
    expect(keys.filter((key) => !found.has(key))).toHaveLength(0);
  });
});

describe("where every primary is frozen", () => {
  it("listings and clear end within the timeout and a second", async () => {
    const primaries = await cluster.primaries();
    const timeout = 400;
    const driver = await RedisDriver.connect({ cluster: primaries.map(({ address }) => address), timeout });
    onTestFinished(() => driver.close());
    const client = over(driver, "app", "frozen");
    await client.set("a", "1");
    for (const node of primaries) node.freeze();
    const calls: Promise<unknown>[] = [client.keys(), client.scan().next(), client.clear()];
    for (const { error } of await Promise.all(calls.map((call) => settled(call, timeout + 1_000)))) {
      expect(error).toBeInstanceOf(NamestoreError);
    }
  });
});

describe("a driver of a Cluster", () => {
  it("needs one node that answers, a replica too", async () => {
    const [primary] = await cluster.primaries();
    const replica = cluster.nodes.find((node) => node !== primary && node.port !== primary?.port) as RedisServer;
    for (const seed of [primary as RedisServer, replica]) {
      const { client } = await open("seeds", [seed.address]);
      await client.mSet(Array.from({ length: 100 }, (_, at) => [`key ${at}`, "1"]));
      expect(await client.mDel(Array.from({ length: 200 }, (_, at) => `key ${at}`))).toBe(100);
    }
  });

  it("finds its way when the node that it was given is gone", async () => {
    const [seed, witness] = (await cluster.primaries()) as [RedisServer, RedisServer];
    const { client } = await open("gone", [seed.address]);
    await client.set("a", "1");
    await seed.kill();
    await failedOver(seed, witness);
    const keys = [...(await keysOn(witness, 2)), ...Array.from({ length: 20 }, (_, at) => `key ${at}`)];
    for (const key of keys) await eventually(`a write of ${key}`, () => client.set(key, "1"), RECOVERY);
    await seed.restart();
  });

  it(`is told of a failover within ${NODE_TIMEOUT} ms and more, and holds no call longer than its timeout`, async () => {
    const { client } = await open("holding");
    const [primary, witness] = (await cluster.primaries()) as [RedisServer, RedisServer];
    const [key] = (await keysOn(primary, 1)) as [string];
    await client.set(key, "1");
    primary.freeze();
    const { error, took } = await settled(client.set(key, "2"), TIMEOUT + 1_000);
    expect(error).toMatchObject({ outcome: "unknown" });
    expect(took).toBeGreaterThan(TIMEOUT - 100);
    await failedOver(primary, witness);
    await eventually("a write", () => client.set(key, "3"), RECOVERY);
    primary.resume();
    await cluster.settle();
    expect(await client.find(key)).toBe("3");
  });
});
