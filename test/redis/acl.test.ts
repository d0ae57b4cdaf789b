import { describe, expect, it, onTestFinished } from "vitest";
import { DriverError, type NamestoreError } from "../../src/errors.js";
import { RedisDriver } from "../../src/redis/index.js";
import type { Texts } from "../support/load.js";
import { rejection } from "../support/promises.js";
import { RedisCluster } from "./cluster-servers.js";
import { open, over } from "./opening.js";
import { RedisServer } from "./servers.js";

/** The rights that a user needs for one namespace. Each is needed: without it some call fails. */
const COMMANDS = [
  "+get",
  "+mget",
  "+set",
  "+mset",
  "+incrby",
  "+exists",
  "+pttl",
  "+pexpire",
  "+persist",
  "+del",
  "+unlink",
  "+evalsha",
  "+eval",
  "+scan",
];
const KEYS = "~app:users:*";

/** Every method, and calls of one tick, about keys of one namespace. */
const OPERATIONS: Readonly<Record<string, (client: Texts) => Promise<unknown>>> = {
  set: (client) => client.set("a", "1"),
  "set with a TTL": (client) => client.set("a", "1", { ttl: "1h" }),
  "sets of one tick": (client) => Promise.all([client.set("a", "1"), client.set("b", "1")]),
  "sets of one tick with a TTL": (client) =>
    Promise.all([client.set("a", "1", { ttl: "1h" }), client.set("b", "1", { ttl: "1h" })]),
  setNX: (client) => client.setNX("c", "1"),
  "setNX with a TTL": (client) => client.setNX("d", "1", { ttl: "1h" }),
  find: (client) => client.find("a"),
  "finds of one tick": (client) => Promise.all([client.find("a"), client.find("b")]),
  exists: (client) => client.exists("a"),
  mGet: (client) => client.mGet(["a", "b"]),
  mSet: (client) => client.mSet({ a: "1", b: "1" }),
  "mSet with a TTL": (client) => client.mSet({ a: "1", b: "1" }, { ttl: "1h" }),
  ttl: (client) => client.ttl("a"),
  expire: (client) => client.expire("a", "1h"),
  persist: (client) => client.persist("a"),
  incr: (client) => client.incr("a"),
  "incr with a TTL": (client) => client.incr("e", 1, { ttl: "1h" }),
  decr: (client) => client.decr("a"),
  "incrs of one tick": (client) => Promise.all([client.incr("a"), client.incr("b")]),
  "incr of a value that is no counter": async (client) => {
    await client.set("f", "words");
    expect(await rejection(client.incr("f"))).toMatchObject({ code: "ERR_TYPE_MISMATCH" });
  },
  getSet: (client) => client.getSet("a", "2"),
  "getSet with a TTL": (client) => client.getSet("a", "2", { ttl: "1h" }),
  "getSet with a TTL that creates the key": (client) => client.getSet("g", "2", { ttl: "1h" }),
  compareAndSwap: (client) => client.compareAndSwap("a", "2", "3"),
  "compareAndSwap with a TTL": (client) => client.compareAndSwap("a", "3", "4", { ttl: "1h" }),
  compareAndDelete: (client) => client.compareAndDelete("a", "4"),
  getOrSet: (client) => client.getOrSet("h", () => "5"),
  keys: (client) => client.keys(),
  delete: (client) => client.delete("b"),
  mDel: (client) => client.mDel(["a", "b", "c"]),
  clear: (client) => client.clear(),
};

const server = await RedisServer.start();

/** A driver that logs in as a user with these rights. */
async function limited(rights: readonly string[]): Promise<RedisDriver> {
  await server.command("FLUSHALL");
  // Otherwise scripts of earlier tests would hide that EVAL is missing.
  await server.command("SCRIPT", "FLUSH");
  await server.command("ACL", "SETUSER", "service", "reset", "on", ">password", ...rights);
  await server.command("CLIENT", "KILL", "USER", "service").catch(() => {});
  const { driver } = await open({ url: server.url, username: "service", password: "password" });
  return driver;
}

describe("a user who is limited to one namespace's keys", () => {
  it("can call every method in that namespace", async () => {
    const client = over(await limited([...COMMANDS, KEYS]));
    for (const [name, operation] of Object.entries(OPERATIONS)) {
      await expect(operation(client), name).resolves.not.toThrow();
    }
  });

  it.each(COMMANDS)("needs the right %s", async (command) => {
    const client = over(await limited([...COMMANDS.filter((each) => each !== command), KEYS]));
    const failures: NamestoreError[] = [];
    for (const operation of Object.values(OPERATIONS)) {
      await operation(client).catch((error: NamestoreError) => failures.push(error));
    }
    expect(failures).not.toEqual([]);
    for (const failure of failures) {
      if (failure.name === "AssertionError") continue;
      expect(["ERR_DRIVER", "ERR_NOT_FOUND"]).toContain(failure.code);
    }
  });

  it.each(Object.entries(OPERATIONS).filter(([name]) => !/^(keys|clear|getOrSet)/.test(name)))(
    "cannot call %s in another namespace",
    async (_, operation) => {
      const driver = await limited([...COMMANDS, KEYS]);
      for (const others of [over(driver, "app", "others"), over(driver, "app", "user"), over(driver, "ap", "users")]) {
        const error = await rejection<DriverError>(operation(others));
        expect(error).toBeInstanceOf(DriverError);
        expect(error.outcome).toBe("not-applied");
      }
      expect(await server.command("DBSIZE")).toBe(0);
    },
  );

  it("cannot clear another namespace", async () => {
    const driver = await limited([...COMMANDS, KEYS]);
    await server.command("SET", "app:others:a", "1");
    expect(await rejection(over(driver, "app", "others").clear())).toBeInstanceOf(DriverError);
    await over(driver).clear();
    expect(await server.command("GET", "app:others:a")).toBe("1");
  });

  it("has only its forbidden calls refused, when calls of one tick are about several namespaces", async () => {
    const driver = await limited([...COMMANDS, KEYS]);
    const mine = over(driver);
    const others = over(driver, "app", "others");
    await mine.mSet({ a: "1", b: "2" });
    const resultOf = (call: Promise<unknown>): Promise<unknown> =>
      call.catch((error: DriverError) => `${error.code} ${error.outcome}`);
    const refused = "ERR_DRIVER not-applied";
    for (let round = 0; round < 2; round++) {
      expect(await Promise.all([mine.find("a"), others.find("a"), mine.find("b")].map(resultOf))).toEqual([
        "1",
        refused,
        "2",
      ]);
      expect(await Promise.all([mine.set("a", "1"), others.set("a", "9"), mine.set("b", "2")].map(resultOf))).toEqual([
        undefined,
        refused,
        undefined,
      ]);
      expect(
        await Promise.all(
          [
            mine.set("c", "3", { ttl: "1h" }),
            others.set("c", "9", { ttl: "1h" }),
            mine.set("d", "4", { ttl: "1h" }),
          ].map(resultOf),
        ),
      ).toEqual([undefined, refused, undefined]);
      expect(await Promise.all([mine.incr("a"), others.incr("a"), mine.incr("b")].map(resultOf))).toEqual([
        2,
        refused,
        3,
      ]);
      await mine.mSet({ a: "1", b: "2" });
    }
    expect(await mine.mGet(["a", "b", "c", "d"])).toEqual(new Map(Object.entries({ a: "1", b: "2", c: "3", d: "4" })));
    expect(await server.command("KEYS", "app:others:*")).toEqual([]);
  });

  it("has its calls executed in order after a script was refused, and in the tick of the refused call", async () => {
    for (const apart of [true, false]) {
      const driver = await limited([...COMMANDS, KEYS]);
      const mine = over(driver);
      const refused = rejection(over(driver, "app", "others").incr("a"));
      if (apart) await refused;
      const calls = [mine.incr("a"), mine.find("a"), mine.incr("a"), mine.find("a"), mine.set("a", "100")];
      expect(await Promise.all(calls)).toEqual([1, "1", 2, "2", undefined]);
      expect(await mine.find("a")).toBe("100");
      expect(await refused).toBeInstanceOf(DriverError);
    }
  });

  it("cannot reach another namespace by any key", async () => {
    const driver = await limited([...COMMANDS, KEYS]);
    const mine = over(driver);
    await server.command("SET", "app:others:a", "1");
    for (const key of ["../others:a", "*", "a*", "{app:others}:a", "a\r\nDEL app:others:a\r\n", "a\0", "[a-z]*"]) {
      await mine.set(key, "2");
      expect(await mine.keys()).toEqual([key]);
      await mine.clear();
    }
    expect(await server.command("GET", "app:others:a")).toBe("1");
  });
});

describe("a user of a Cluster who is limited to one namespace's keys", () => {
  it("needs CLUSTER SLOTS and ASKING as well", async () => {
    const cluster = await RedisCluster.start();
    const rights = ["on", ">password", ...COMMANDS, "+cluster|slots", "+asking", KEYS];
    for (const node of cluster.nodes) await node.command("ACL", "SETUSER", "service", ...rights);
    const driver = await RedisDriver.connect({ cluster: cluster.addresses, username: "service", password: "password" });
    onTestFinished(() => driver.close());
    for (const [name, operation] of Object.entries(OPERATIONS)) {
      await expect(operation(over(driver)), name).resolves.not.toThrow();
    }
    expect(await rejection(over(driver, "app", "others").set("a", "1"))).toBeInstanceOf(DriverError);
  });
});
