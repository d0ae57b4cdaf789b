import { afterEach, describe, expect, it, vi } from "vitest";
import { OutcomeError } from "../../src/errors.js";
import { RedisDriver } from "../../src/redis/index.js";
import { LONG_TIMEOUT, PATIENCE, RECOVERY } from "../network/connecting.js";
import { loadOn } from "../network/faults.js";
import { freePort } from "../support/free-port.js";
import type { Texts } from "../support/load.js";
import { eventually, settled } from "../support/waiting.js";
import { FakeServer } from "./fake.js";
import { open, over } from "./opening.js";
import { NAME, RedisSentinels } from "./sentinel-servers.js";
import { RedisServer } from "./servers.js";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

/** Shorter than a failover takes, in milliseconds. */
const TIMEOUT = 800;

const sentinels = await RedisSentinels.start();

afterEach(async () => {
  for (const server of [...sentinels.servers, ...sentinels.sentinels]) server.resume();
  await sentinels.settle();
});

/** A client over a driver of its own. */
async function openAt(nodes = sentinels.addresses, domain = "users", timeout = TIMEOUT): Promise<Texts> {
  const { driver } = await open({ timeout, sentinel: { name: NAME, nodes } });
  return over(driver, "app", domain);
}

/** Makes a Sentinel promote the replica. Sometimes the election fails, and is started again. */
async function demote(primary: RedisServer): Promise<void> {
  for (let attempts = 1; ; attempts++) {
    await eventually("the order", () => sentinels.sentinels[0]?.command("SENTINEL", "FAILOVER", NAME));
    try {
      return void (await eventually("another primary", async () => (await sentinels.primary()) !== primary, 15_000));
    } catch (error) {
      if (attempts === 3) throw error;
    }
  }
}

describe("behind Sentinels, under load", () => {
  it.each([
    ["killed", (server: RedisServer) => server.kill()],
    ["frozen", async (server: RedisServer) => server.freeze()],
    ["demoted", demote],
  ] as const)("calls succeed again soon after a failover from a primary that is %s", async (name, fell) => {
    const client = await openAt(undefined, name);
    const load = loadOn(client, TIMEOUT);
    await load.successes(200);
    const before = await sentinels.primary();
    const replica = sentinels.servers.find((server) => server !== before) as RedisServer;
    await fell(before);
    await eventually("a failover", async () => (await sentinels.primary()) === replica);
    await eventually("its promotion", async () => (await replica.info("role")) === "master");
    // Until the old primary is demoted, it accepts writes that will be lost. Sentinels demote it too, but may take long.
    if (name === "demoted") {
      await before.commands([
        ["REPLICAOF", "127.0.0.1", String(replica.port)],
        ["CLIENT", "KILL", "TYPE", "normal"],
      ]);
    }
    const start = performance.now();
    await eventually("a write", () => client.set("after", name), RECOVERY);
    expect(performance.now() - start).toBeLessThan(RECOVERY);
    await load.successes(200);
    // Replication is asynchronous: Redis may lose acknowledged writes.
    expect(await load.problems(false)).toEqual([]);
    expect(await replica.command("GET", `app:${name}:after`)).toBe(name);
    if (name === "killed") await before.restart();
  });

  it("a driver connects although one Sentinel is frozen or gone", async () => {
    const [first, second] = sentinels.sentinels as [RedisServer, RedisServer];
    first.freeze();
    const client = await openAt();
    await client.set("a", "1");
    first.resume();
    await second.kill();
    await openAt([second.address, first.address]);
    await (await sentinels.primary()).killClients();
    await eventually("a write", () => client.set("a", "2"), RECOVERY);
    await second.restart();
  });

  it("a driver that is connected works without Sentinels", async () => {
    const client = await openAt(undefined, undefined, LONG_TIMEOUT);
    for (const sentinel of sentinels.sentinels) sentinel.freeze();
    await client.set("a", "3");
    expect(await client.find("a")).toBe("3");
  });
});

describe("a server that Sentinels name", () => {
  it("is logged in to with the driver's login, and Sentinels with their own", async () => {
    const server = await RedisServer.start({ requirepass: "of-servers" });
    const sentinel = await RedisServer.start(
      {
        requirepass: "of-sentinels",
        "sentinel monitor": `${NAME} 127.0.0.1 ${server.port} 1`,
        "sentinel auth-pass": `${NAME} of-servers`,
      },
      ["--sentinel"],
    );
    const { client } = await open({
      sentinel: { name: NAME, nodes: [sentinel.address], password: "of-sentinels" },
      password: "of-servers",
      database: 3,
    });
    await client.set("a", "1");
    expect(await server.info("db3")).toContain("keys=1");
  });

  /** A Sentinel that names this server, and does not reply to one command. */
  async function naming(address: () => { port: number }, mute = () => ""): Promise<FakeServer> {
    return await FakeServer.start(([name]) =>
      name === mute()
        ? ""
        : name === "SENTINEL"
          ? `*2\r\n$9\r\n127.0.0.1\r\n$${String(address().port).length}\r\n${address().port}\r\n`
          : undefined,
    );
  }

  it("is not used as the primary if it is a replica", async () => {
    const primary = await RedisServer.start({ "repl-diskless-sync-delay": 0 });
    const replica = await RedisServer.start({ replicaof: `127.0.0.1 ${primary.port}` });
    await eventually("a replica", async () => (await replica.info("master_link_status")) === "up");
    let named = replica;
    const sentinel = await naming(() => named);
    const { error, value } = await settled(openAt([sentinel.address]), TIMEOUT + PATIENCE);
    if (error === undefined) {
      await settled((value as Texts).find("a"), TIMEOUT + PATIENCE);
      // The driver may also wait until the Sentinels name the primary.
      named = primary;
      await eventually("a write", () => (value as Texts).set("a", "1"), RECOVERY);
    } else expect(error).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    // A replica may lag behind, so it must not serve reads.
    expect(await replica.info("cmdstat_get")).toBeUndefined();
    expect(await replica.info("cmdstat_mget")).toBeUndefined();
  });

  it.each<[string, (client: Texts) => Promise<unknown>]>([
    ["set", (client) => client.set("a", "1")],
    ["sets of one tick", (client) => Promise.all([client.set("a", "1"), client.set("b", "1")])],
    ["incr", (client) => client.incr("a")],
    ["incrs of one tick", (client) => Promise.all([client.incr("a"), client.incr("b")])],
    ["delete", (client) => client.delete("a")],
    ["sets of one tick with a TTL", setTwo],
  ])("is left once it was demoted without notice, whether calls are of %s or others", async (_, call) => {
    const first = await RedisServer.start();
    const second = await RedisServer.start();
    let named = first;
    const sentinel = await naming(() => named);
    const client = await openAt([sentinel.address]);
    await client.set("warm", "1");
    await first.command("REPLICAOF", "127.0.0.1", String(second.port));
    named = second;
    await eventually(
      "a call on the new primary",
      async () => {
        await call(client).catch(() => {});
        return isServed(second);
      },
      RECOVERY,
    );
  });

  /** Whether clients have written to this server. */
  async function isServed(server: RedisServer): Promise<boolean> {
    const counts = await Promise.all(
      ["set", "mset", "evalsha", "unlink"].map((name) => server.info(`cmdstat_${name}`)),
    );
    return counts.some((count) => count !== undefined);
  }

  async function setTwo(client: Texts): Promise<unknown> {
    return await Promise.all([client.set("a", "1", { ttl: "1h" }), client.set("b", "1", { ttl: "1h" })]);
  }

  it.each(["HELLO", "SENTINEL"])("is not asked for once the driver is closed while %s had no reply", async (mute) => {
    const server = await RedisServer.start();
    let unanswered = "";
    const sentinel = await naming(
      () => server,
      () => unanswered,
    );
    const second = await naming(() => server);
    const driver = await RedisDriver.connect({
      sentinel: { name: NAME, nodes: [sentinel.address, second.address] },
      timeout: LONG_TIMEOUT,
    });
    await eventually("no connection", () => sentinel.connections === 0);
    unanswered = mute;
    await server.killClients();
    const asked = mute === "SENTINEL" ? 2 : 1;
    await eventually("a question", () => sentinel.connections === 1 && sentinel.commands.length === asked);
    driver.close();
    await eventually("no connection", () => sentinel.connections === 0);
    expect([second.connections, second.commands]).toEqual([0, []]);
  });

  it("is asked for again at every attempt to connect, with growing pauses", async () => {
    const port = await freePort();
    const server = await RedisServer.start();
    let named: { port: number } = server;
    const sentinel = await naming(() => named);
    const client = await openAt([sentinel.address]);
    named = { port };
    const start = performance.now();
    await server.killClients();
    await eventually("a call that finds no connection", async () => {
      const { error } = await settled(client.set("a", "1"), TIMEOUT + PATIENCE);
      return error instanceof OutcomeError && error.outcome === "not-applied";
    });
    expect(sentinel.commands.length).toBeGreaterThan(2);
    expect(sentinel.commands.length).toBeLessThan(15 + (performance.now() - start) / 1_000);
    named = server;
    await eventually("a write", () => client.set("a", "1"), RECOVERY);
  });
});
