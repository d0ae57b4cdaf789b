import assert from "node:assert/strict";
import { NotSupportedError } from "../../errors.js";
import { collect, rejects, sameKeys } from "../assertions.js";
import type { Texts } from "../scope.js";
import type { Suite } from "../suite.js";

/** More than a driver puts into one batch. */
const MANY = 2_500;

async function fill(client: Texts, prefix = "key "): Promise<string[]> {
  const keys = Array.from({ length: MANY }, (_, index) => prefix + index);
  await client.mSet(keys.map((key) => [key, "value"]));
  return keys;
}

export function listing({ it, facts: { cannot } }: Suite): void {
  it(
    "an empty namespace has no keys",
    async ({ client }) => {
      assert.deepEqual(await client.keys(), []);
      assert.deepEqual(await collect(client.scan()), []);
    },
    "scan",
  );

  it(
    "keys and scan list business keys, each once",
    async ({ client }) => {
      await client.mSet({ a: "1", b: "2", "c:d": "3" });
      sameKeys(await client.keys(), ["a", "b", "c:d"]);
      sameKeys(await collect(client.scan()), ["a", "b", "c:d"]);
    },
    "scan",
  );

  it(
    "a key is listed whatever call stored it",
    async ({ client, bytes }) => {
      await client.set("set", "1");
      await client.setNX("setNX", "1");
      await client.mSet({ mSet: "1" });
      await client.getSet("getSet", "1");
      await client.incr("incr");
      await client.getOrSet("getOrSet", () => "1");
      await client.set("with a TTL", "1", { ttl: "1h" });
      await client.set("empty", "");
      await bytes.set("bytes", Uint8Array.of(0xff));
      const stored = ["set", "setNX", "mSet", "getSet", "incr", "getOrSet", "with a TTL", "empty", "bytes"];
      sameKeys(await client.keys(), stored);
    },
    "scan",
  );

  it(
    "a key that was written many times is listed once",
    async ({ client }) => {
      for (let count = 0; count < 3; count++) {
        await client.set("key", `${count}`);
        await client.incr("key");
        await client.expire("key", "1h");
        await client.persist("key");
      }
      assert.deepEqual(await client.keys(), ["key"]);
    },
    "scan",
  );

  it(
    "a key that was removed is not listed",
    async ({ client }) => {
      await client.mSet({ a: "1", b: "2", c: "3", d: "4" });
      await client.delete("a");
      await client.mDel(["b"]);
      await client.compareAndDelete("c", "3");
      assert.deepEqual(await client.keys(), ["d"]);
    },
    "scan",
  );

  it(
    "a key that was removed and set again is listed once",
    async ({ client }) => {
      await client.set("key", "1");
      await client.delete("key");
      await client.set("key", "2");
      assert.deepEqual(await client.keys(), ["key"]);
    },
    "scan",
  );

  it(
    "keys lists thousands of keys, each once",
    async ({ client }) => {
      const keys = await fill(client);
      sameKeys(await client.keys(), keys);
    },
    "scan",
  );

  it(
    "scan lists thousands of keys, each once",
    async ({ client }) => {
      const keys = await fill(client);
      sameKeys(await collect(client.scan()), keys);
    },
    "scan",
  );

  it(
    "a pattern finds its keys among thousands",
    async ({ client }) => {
      await fill(client);
      sameKeys(
        await client.keys("key 10?"),
        ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"].map((n) => `key 10${n}`),
      );
      assert.deepEqual(await client.keys("*2499"), ["key 2499"]);
    },
    "scan",
  );

  it(
    "several listings at the same time do not disturb one another",
    async ({ client }) => {
      const keys = await fill(client);
      const listings = await Promise.all([client.keys(), collect(client.scan()), client.keys("key 1*"), client.keys()]);
      sameKeys(listings[0], keys);
      sameKeys(listings[1], keys);
      sameKeys(
        listings[2],
        keys.filter((key) => key.startsWith("key 1")),
      );
      sameKeys(listings[3], keys);
    },
    "scan",
  );

  it(
    "a scan can be left half way, and begun anew",
    async ({ client }) => {
      await client.mSet({ a: "1", b: "2", c: "3" });
      for await (const key of client.scan()) {
        assert.ok(["a", "b", "c"].includes(key));
        break;
      }
      assert.equal((await collect(client.scan())).length, 3);
    },
    "scan",
  );

  it(
    "a scan that is removing its keys gives each of them once",
    async ({ client }) => {
      const keys = await fill(client);
      const seen: string[] = [];
      for await (const key of client.scan()) {
        seen.push(key);
        await client.delete(key);
      }
      sameKeys(seen, keys);
      assert.deepEqual(await client.keys(), []);
    },
    "scan",
  );

  it(
    "a scan lists what is there throughout, whatever comes and goes meanwhile",
    async ({ client }) => {
      const stay = await fill(client, "stay ");
      const go = await fill(client, "go ");
      const seen: string[] = [];
      for await (const key of client.scan()) {
        if (seen.push(key) % 500 !== 1) continue;
        await client.mDel(go.splice(0, 250));
        await client.mSet({ [`come ${seen.length}`]: "1", [stay[seen.length] as string]: "written again" });
      }
      assert.equal(new Set(seen).size, seen.length, "a key came twice");
      sameKeys(
        seen.filter((key) => key.startsWith("stay ")),
        stay,
      );
    },
    "scan",
  );

  it(
    "a scan gives a key once that is removed and set again meanwhile",
    async ({ client }) => {
      const keys = await fill(client);
      const seen: string[] = [];
      for await (const key of client.scan()) {
        if (seen.push(key) % 250 !== 0) continue;
        await client.mDel(seen.slice(-100));
        await client.mSet(seen.slice(-100).map((again) => [again, "again"]));
      }
      sameKeys(seen, keys);
    },
    "scan",
  );

  it(
    "clear removes every key",
    async ({ client }) => {
      const keys = await fill(client);
      assert.equal(await client.clear(), undefined);
      assert.deepEqual(await client.mGet(keys), new Map());
    },
    "clear",
  );

  it(
    "clear leaves nothing to be listed",
    async ({ client }) => {
      await client.mSet({ a: "1", "b:c": "2", "*": "3" });
      await client.clear();
      assert.deepEqual(await client.keys(), []);
    },
    "scan",
    "clear",
  );

  it(
    "clear can be repeated, and the namespace used on",
    async ({ client }) => {
      await client.set("key", "1");
      await client.clear();
      await client.clear();
      assert.equal(await client.setNX("key", "2"), true);
      assert.equal(await client.get("key"), "2");
    },
    "clear",
  );

  it(
    "clear makes counters start at 0",
    async ({ client }) => {
      await client.incr("key", 41);
      await client.clear();
      assert.equal(await client.incr("key"), 1);
    },
    "clear",
  );

  if (cannot.scan !== undefined) {
    it(`keys and scan are NotSupportedError: ${cannot.scan}`, async ({ client }) => {
      await client.set("key", "value");
      await rejects(() => client.keys(), NotSupportedError, "keys");
      await rejects(() => collect(client.scan()), NotSupportedError, "scan");
      assert.equal(await client.get("key"), "value");
    });
  }

  if (cannot.clear !== undefined) {
    it(`clear is NotSupportedError, and removes nothing: ${cannot.clear}`, async ({ client }) => {
      await client.set("key", "value");
      await rejects(() => client.clear(), NotSupportedError, "clear");
      assert.equal(await client.get("key"), "value");
    });
  }
}
