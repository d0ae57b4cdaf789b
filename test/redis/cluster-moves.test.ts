import { afterEach, describe, expect, it, vi } from "vitest";
import { NamestoreError } from "../../src/errors.js";
import { slotOf } from "../../src/redis/commands/slot.js";
import type { RedisDriver } from "../../src/redis/index.js";
import { LONG_TIMEOUT, PATIENCE, RECOVERY, SHORT_TIMEOUT } from "../network/connecting.js";
import { loadOn } from "../network/faults.js";
import type { Texts } from "../support/load.js";
import { settled } from "../support/waiting.js";
import { RedisCluster } from "./cluster-servers.js";
import { open, over } from "./opening.js";
import type { RedisServer } from "./servers.js";
import { DURABLE } from "./subject.js";

vi.setConfig({ testTimeout: 120_000 });

// Nothing here needs a failover, and none should happen because the machine is busy.
const cluster = await RedisCluster.start({ ...DURABLE, "cluster-node-timeout": 30_000 });

afterEach(() => {
  for (const node of cluster.nodes) node.resume();
});

/** A client over a driver of its own. */
async function openIn(
  domain: string,
  timeout = LONG_TIMEOUT,
  addresses = cluster.addresses,
): Promise<{ driver: RedisDriver; client: Texts }> {
  const { driver } = await open({ cluster: addresses, timeout });
  return { driver, client: over(driver, "app", domain) };
}

describe("calls under load on a Cluster", () => {
  it("are neither lost, applied twice nor late while connections are killed on every node", async () => {
    const { client } = await openIn("killing", SHORT_TIMEOUT);
    const load = loadOn(client);
    for (let round = 0; round < 5; round++) {
      await load.successes(100);
      for (const node of cluster.nodes) await node.killClients();
      expect(await load.successes(100)).toBeLessThan(RECOVERY);
    }
    expect(await load.problems(true)).toEqual([]);
    expect(load.failed).toHaveProperty("ERR_UNAVAILABLE unknown");
  });

  it("succeed while slots move, and are neither lost nor applied twice", async () => {
    const { client } = await openIn("moving");
    // In one slot, so that calls of one tick share a command about keys that lie on two nodes.
    const tag = "{moving}";
    const load = loadOn(client, LONG_TIMEOUT, tag);
    const other = loadOn(client, LONG_TIMEOUT);
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
});

describe("a batch on a Cluster", () => {
  it("of keys that lie on two nodes while their slot moves is refused, not applied, or executed whole", async () => {
    const { client } = await openIn("batches");
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
        const { error } = await settled<unknown>(call, LONG_TIMEOUT);
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
  it("finds the keys of its namespace on every primary, and clear removes only these", async () => {
    const { client, driver } = await openIn("listing");
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

  it("finds keys in slots that moved while nobody called", async () => {
    const { client } = await openIn("unseen");
    const other = (await openIn("unseen")).client;
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

  it("finds a key whose slot moves, during the listing, to a node that was listed before", async () => {
    const { client } = await openIn("behind");
    const writer = (await openIn("behind")).client;
    const tags = await Promise.all(
      (await cluster.primaries()).map(async (node) => (await cluster.keysOn(node, 1))[0] as string),
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
      // A slot of the node that has not been listed yet moves to the one that has.
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

describe("a Cluster whose primaries are all frozen", () => {
  it("makes listings and clear fail soon after the timeout", async () => {
    const primaries = await cluster.primaries();
    const timeout = SHORT_TIMEOUT;
    const { client } = await openIn(
      "frozen",
      timeout,
      primaries.map(({ address }) => address),
    );
    await client.set("a", "1");
    for (const node of primaries) node.freeze();
    const calls: Promise<unknown>[] = [client.keys(), client.scan().next(), client.clear()];
    for (const { error } of await Promise.all(calls.map((call) => settled(call, timeout + PATIENCE)))) {
      expect(error).toBeInstanceOf(NamestoreError);
    }
  });
});

describe("a driver of a Cluster", () => {
  it("needs only one node that answers, which may be a replica", async () => {
    const [primary] = await cluster.primaries();
    const replica = cluster.nodes.find((node) => node !== primary && node.port !== primary?.port) as RedisServer;
    for (const seed of [primary as RedisServer, replica]) {
      const { client } = await openIn("seeds", LONG_TIMEOUT, [seed.address]);
      await client.mSet(Array.from({ length: 100 }, (_, at) => [`key ${at}`, "1"]));
      expect(await client.mDel(Array.from({ length: 200 }, (_, at) => `key ${at}`))).toBe(100);
    }
  });
});
