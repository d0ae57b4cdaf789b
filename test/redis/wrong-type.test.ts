import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { Client } from "../../src/client/client.js";
import { text } from "../../src/codec/text.js";
import { NamestoreError, TypeMismatchError } from "../../src/errors.js";
import { RedisDriver } from "../../src/redis/index.js";
import type { Texts } from "../support/load.js";
import { rejection } from "../support/promises.js";
import { over } from "./opening.js";
import { RedisServer } from "./servers.js";

const server = await RedisServer.start();
const nodeRedis = await createClient({ url: server.url }).connect();
const ioRedis = new Redis(server.url, { autoResendUnfulfilledCommands: false });
afterAll(() => {
  nodeRedis.destroy();
  ioRedis.disconnect();
});

const DRIVERS: readonly [string, RedisDriver][] = [
  ["a connection of its own", await RedisDriver.connect(server.url)],
  ["node-redis", new RedisDriver(nodeRedis)],
  ["ioredis", new RedisDriver(ioRedis)],
];
afterAll(() => {
  for (const [, driver] of DRIVERS) driver.close();
});

/** How other programs create keys of the other types. */
const TYPES: readonly [string, (key: string) => string[]][] = [
  ["list", (key) => ["RPUSH", key, "1"]],
  ["set", (key) => ["SADD", key, "1"]],
  ["zset", (key) => ["ZADD", key, "1", "1"]],
  ["hash", (key) => ["HSET", key, "1", "1"]],
  ["stream", (key) => ["XADD", key, "*", "1", "1"]],
];

describe.each(DRIVERS)("over %s", (_, driver) => {
  const client = over(driver);

  describe.each(TYPES)("a key that holds a %s", (type, make) => {
    beforeEach(async () => {
      await server.command("FLUSHALL");
      await server.command(...make("app:users:odd"));
      await client.set("plain", "1");
    });

    const kept = async (): Promise<void> => {
      expect(await server.command("TYPE", "app:users:odd")).toBe(type);
    };

    it("is a miss to find, get and mGet, alone and in a batch", async () => {
      expect(await client.find("odd")).toBeUndefined();
      expect(await rejection(client.get("odd"))).toMatchObject({ code: "ERR_NOT_FOUND" });
      expect(await client.mGet(["odd", "plain", "missing"])).toEqual(new Map([["plain", "1"]]));
      expect(await Promise.all([client.find("plain"), client.find("odd"), client.find("plain")])).toEqual([
        "1",
        undefined,
        "1",
      ]);
      await kept();
    });

    it("is a key to exists, ttl, keys, setNX, expire and persist", async () => {
      expect(await client.exists("odd")).toBe(true);
      expect(await client.ttl("odd")).toBe(-1);
      expect((await client.keys()).sort()).toEqual(["odd", "plain"]);
      expect(await client.setNX("odd", "1")).toBe(false);
      expect(await client.setNX("odd", "1", { ttl: "1h" })).toBe(false);
      await client.expire("odd", "1h");
      expect(await client.ttl("odd")).toBeGreaterThan(0);
      await client.persist("odd");
      expect(await client.ttl("odd")).toBe(-1);
      await kept();
    });

    it.each<[string, (client: Texts) => Promise<unknown>, unknown]>([
      ["delete", (texts) => texts.delete("odd"), true],
      ["mDel", (texts) => texts.mDel(["odd", "missing"]), 1],
      ["clear", (texts) => texts.clear(), undefined],
    ])("is removed by %s", async (_name, remove, answer) => {
      expect(await remove(client)).toBe(answer);
      expect(await server.command("EXISTS", "app:users:odd")).toBe(0);
    });

    it.each<[string, (client: Texts) => Promise<unknown>]>([
      ["set", (texts) => texts.set("odd", "new")],
      ["set with a TTL", (texts) => texts.set("odd", "new", { ttl: "1h" })],
      ["sets of one tick", (texts) => Promise.all([texts.set("plain", "2"), texts.set("odd", "new")])],
      [
        "sets of one tick with a TTL",
        (texts) => Promise.all([texts.set("plain", "2", { ttl: "1h" }), texts.set("odd", "new", { ttl: "1h" })]),
      ],
      ["mSet", (texts) => texts.mSet({ odd: "new", plain: "2" })],
      ["mSet with a TTL", (texts) => texts.mSet({ odd: "new", plain: "2" }, { ttl: "1h" })],
    ])("is replaced by %s", async (_name, write) => {
      await write(client);
      expect(await client.find("odd")).toBe("new");
    });

    it.each<[string, (client: Texts) => Promise<unknown>]>([
      ["incr", (texts) => texts.incr("odd")],
      ["incr with a TTL", (texts) => texts.incr("odd", 1, { ttl: "1h" })],
      ["decr", (texts) => texts.decr("odd")],
      ["getSet", (texts) => texts.getSet("odd", "new")],
      ["getSet with a TTL", (texts) => texts.getSet("odd", "new", { ttl: "1h" })],
      ["getSet without one", (texts) => texts.getSet("odd", "new", { ttl: 0 })],
      ["compareAndSwap", (texts) => texts.compareAndSwap("odd", "1", "new")],
      ["compareAndSwap with a TTL", (texts) => texts.compareAndSwap("odd", "1", "new", { ttl: "1h" })],
      ["compareAndDelete", (texts) => texts.compareAndDelete("odd", "1")],
    ])("makes %s reject with TypeMismatchError, and does not change", async (operation, call) => {
      const error = await rejection(call(client));
      expect(error).toBeInstanceOf(TypeMismatchError);
      expect(error).toMatchObject({ operation: operation.split(" ")[0], key: "odd" });
      await kept();
    });

    it("makes getSet reject with TypeMismatchError if the client has a TTL", async () => {
      const timed = new Client("app", "users", { driver, codec: text, ttl: "1h" });
      expect(await rejection(timed.getSet("odd", "new"))).toBeInstanceOf(TypeMismatchError);
      await kept();
    });

    it("does not make other calls of its batch fail", async () => {
      const answers = await Promise.all([
        client.incr("plain"),
        client.incr("odd").catch((error: NamestoreError) => error.code),
        client.incr("plain"),
      ]);
      expect(answers).toEqual([2, "ERR_TYPE_MISMATCH", 3]);
      await kept();
    });

    it("makes getOrSet resolve to the computed value, and store nothing", async () => {
      expect(await client.getOrSet("odd", () => "computed")).toBe("computed");
      expect(await client.getOrSet("odd", () => "computed", { ttl: "1h" })).toBe("computed");
      await kept();
    });

    it("is listed, and no error says what it holds", async () => {
      expect(await client.keys("o*")).toEqual(["odd"]);
      const error = await rejection(client.incr("odd"));
      expect(error).toBeInstanceOf(NamestoreError);
      expect(error.cause).toBeUndefined();
    });
  });
});
