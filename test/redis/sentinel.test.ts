import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { TimeoutError } from "../../src/errors.js";
import { RedisDriver } from "../../src/redis/index.js";
import { freePort } from "../support/free-port.js";
import { Load, type Texts } from "../support/load.js";
import { eventually, settled } from "../support/waiting.js";
import { FakeServer } from "./fake.js";
import { over } from "./opening.js";
import { NAME, RedisSentinels } from "./sentinel-servers.js";
import { RedisServer } from "./servers.js";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const TIMEOUT = 800;

/** The longest that calls may fail once there is a primary again, in milliseconds. */
const RECOVERY = 2_000;

const sentinels = await RedisSentinels.start();

afterEach(async () => {
  for (const server of [...sentinels.servers, ...sentinels.sentinels]) server.resume();
  await sentinels.settle();
});

async function open(nodes = sentinels.addresses, domain = "users"): Promise<Texts> {
  const driver = await RedisDriver.connect({ timeout: TIMEOUT, sentinel: { name: NAME, nodes } });
  onTestFinished(() => driver.close());
  return over(driver, "app", domain);
}

/** Has a Sentinel put the replica in the primary's place; once in a while it gives up, and is asked again. */
async function demote(primary: RedisServer): Promise<void> {
  for (let attempts = 1; ; attempts++) {
    await eventually("the order", () => sentinels.sentinels[0]?.command("SENTINEL", "FAILOVER", NAME));
    try {
      return void (await eventually("another primary", async () => (await sentinels.primary()) !== primary, 6_000));
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
  ] as const)("a primary that is %s: the new one serves within 2 s", async (name, fell) => {
    const client = await open(undefined, name);
    const load = new Load(client, { timeout: TIMEOUT });
    await load.successes(200);
    const before = await sentinels.primary();
    const replica = sentinels.servers.find((server) => server !== before) as RedisServer;
    await fell(before);
    await eventually("a failover", async () => (await sentinels.primary()) === replica);
    await eventually("its promotion", async () => (await replica.info("role")) === "master");
    // Until it is demoted the old one takes writes, and loses them. Sentinels do just this, but may take long.
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
    // Replication is asynchronous: what Redis lost is not ours to judge.
    expect(await load.problems(false)).toEqual([]);
    expect(await replica.command("GET", `app:${name}:after`)).toBe(name);
    if (name === "killed") await before.restart();
  });

  it("a Sentinel that is frozen, or gone: connections are made all the same", async () => {
    const [first, second] = sentinels.sentinels as [RedisServer, RedisServer];
    first.freeze();
    const client = await open();
    await client.set("a", "1");
    first.resume();
    await second.kill();
    await open([second.address, first.address]);
    await (await sentinels.primary()).killClients();
    await eventually("a write", () => client.set("a", "2"), RECOVERY);
    await second.restart();
  });

  it("Sentinels that are gone disturb no connection that there is", async () => {
    const client = await open();
    for (const sentinel of sentinels.sentinels) sentinel.freeze();
    await client.set("a", "3");
    expect(await client.find("a")).toBe("3");
  });
});

describe("a server that Sentinels name", () => {
  it("is asked with the login of servers, and they with their own", async () => {
    const server = await RedisServer.start({ requirepass: "of-servers" });
    const sentinel = await RedisServer.start(
      {
        requirepass: "of-sentinels",
        "sentinel monitor": `${NAME} 127.0.0.1 ${server.port} 1`,
        "sentinel auth-pass": `${NAME} of-servers`,
      },
      ["--sentinel"],
    );
    const driver = await RedisDriver.connect({
      sentinel: { name: NAME, nodes: [sentinel.address], password: "of-sentinels" },
      password: "of-servers",
      database: 3,
      timeout: TIMEOUT,
    });
    onTestFinished(() => driver.close());
    await over(driver).set("a", "1");
    expect(await server.info("db3")).toContain("keys=1");
  });

  /** A Sentinel that names this server, and is silent to one command. */
  async function saying(address: () => { port: number }, mute = () => ""): Promise<FakeServer> {
    return await FakeServer.start(([name]) =>
      name === mute()
        ? ""
        : name === "SENTINEL"
          ? `*2\r\n$9\r\n127.0.0.1\r\n$${String(address().port).length}\r\n${address().port}\r\n`
          : undefined,
    );
  }

  it("but is a replica by now is not taken for the primary", async () => {
    const primary = await RedisServer.start({ "repl-diskless-sync-delay": 0 });
    const replica = await RedisServer.start({ replicaof: `127.0.0.1 ${primary.port}` });
    await eventually("a replica", async () => (await replica.info("master_link_status")) === "up");
    let named = replica;
    const sentinel = await saying(() => named);
    const { error, value } = await settled(open([sentinel.address]), TIMEOUT + 1_000);
    if (error === undefined) {
      await settled((value as Texts).find("a"), TIMEOUT + 1_000);
      // It may also wait until the Sentinels know better.
      named = primary;
      await eventually("a write", () => (value as Texts).set("a", "1"), RECOVERY);
    } else expect(error).toMatchObject({ code: "ERR_UNAVAILABLE", outcome: "not-applied" });
    // A read must not be served by what may lag behind.
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
  ])("and is demoted without a sign is left, though all that is called is %s", async (_, call) => {
    const first = await RedisServer.start();
    const second = await RedisServer.start();
    let named = first;
    const sentinel = await saying(() => named);
    const client = await open([sentinel.address]);
    await client.set("warm", "1");
    await first.command("REPLICAOF", "127.0.0.1", String(second.port));
    named = second;
    await eventually(
      "a call on the new primary",
      async () => {
        await call(client).catch(() => {});
        return isServed(second);
      },
      10 * TIMEOUT,
    );
  });

  /** Whether clients write to this server. */
  async function isServed(server: RedisServer): Promise<boolean> {
    const counts = await Promise.all(
      ["set", "mset", "evalsha", "unlink"].map((name) => server.info(`cmdstat_${name}`)),
    );
    return counts.some((count) => count !== undefined);
  }

  async function setTwo(client: Texts): Promise<unknown> {
    return await Promise.all([client.set("a", "1", { ttl: "1h" }), client.set("b", "1", { ttl: "1h" })]);
  }

  it.each(["HELLO", "SENTINEL"])(
    "is asked for no more once the driver is closed, though %s had no answer",
    async (mute) => {
      const server = await RedisServer.start();
      let unanswered = "";
      const sentinel = await saying(
        () => server,
        () => unanswered,
      );
      const second = await saying(() => server);
      const driver = await RedisDriver.connect({
        sentinel: { name: NAME, nodes: [sentinel.address, second.address] },
        timeout: 20_000,
      });
      await eventually("no connection", () => sentinel.connections === 0);
      unanswered = mute;
      await server.killClients();
      const asked = mute === "SENTINEL" ? 2 : 1;
      await eventually("a question", () => sentinel.connections === 1 && sentinel.commands.length === asked);
      driver.close();
      await eventually("no connection", () => sentinel.connections === 0, 2_000);
      expect([second.connections, second.commands]).toEqual([0, []]);
    },
  );

  it("is asked for again at every connection, with growing pauses", async () => {
    const port = await freePort();
    const server = await RedisServer.start();
    let named: { port: number } = server;
    const sentinel = await saying(() => named);
    const client = await open([sentinel.address]);
    named = { port };
    await server.killClients();
    await eventually("a call that finds no connection", async () => {
      const { error } = await settled(client.set("a", "1"), TIMEOUT + 1_000);
      return error instanceof TimeoutError && error.outcome === "not-applied";
    });
    expect(sentinel.commands.length).toBeGreaterThan(2);
    expect(sentinel.commands.length).toBeLessThan(15);
    named = server;
    await eventually("a write", () => client.set("a", "1"), RECOVERY);
  });
});
