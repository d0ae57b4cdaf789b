import * as assert from "../assert.js";
import { collect, sameKeys } from "../assertions.js";
import type { Texts } from "../scope.js";
import type { Suite } from "../suite.js";

/** `keys`, `scan` and `clear`. */
export function listing({ it }: Suite): void {
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
    "a key is listed, whichever call stored it",
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
    "several concurrent listings do not affect each other",
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
    "a scan can be ended early and started again",
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
    "a scan during which its keys are removed one by one yields each of them once",
    async ({ client }) => {
      const keys = Array.from({ length: 250 }, (_, index) => `key ${index}`);
      await client.mSet(keys.map((key) => [key, "value"]));
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
    "a scan of thousands of keys during which they are removed yields each of them once",
    async ({ client }) => {
      const keys = await fill(client);
      const seen: string[] = [];
      for await (const key of client.scan()) {
        if (seen.push(key) % 100 === 0) await client.mDel(seen.slice(-100));
      }
      sameKeys(seen, keys);
      assert.deepEqual(await client.keys(), []);
    },
    "scan",
  );

  it(
    "a scan lists every key that is live throughout, whichever others are added or removed",
    async ({ client }) => {
      const stay = await fill(client, "stay ");
      const go = await fill(client, "go ");
      const seen: string[] = [];
      for await (const key of client.scan()) {
        if (seen.push(key) % 500 !== 1) continue;
        await client.mDel(go.splice(0, 250));
        await client.mSet([[`come ${seen.length}`, "1"]]);
        await client.mSet(stay.slice(seen.length, seen.length + 1).map((key) => [key, "written again"]));
      }
      assert.equal(new Set(seen).size, seen.length, "a key was listed more than once");
      sameKeys(
        seen.filter((key) => key.startsWith("stay ")),
        stay,
      );
    },
    "scan",
  );

  it(
    "a scan yields a key once that is removed and set again meanwhile",
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
    "clear leaves no keys to list",
    async ({ client }) => {
      await client.mSet({ a: "1", "b:c": "2", "*": "3" });
      await client.clear();
      assert.deepEqual(await client.keys(), []);
    },
    "scan",
    "clear",
  );

  it(
    "a namespace can be cleared again, and used after it",
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
}

/** More keys than a driver puts into one batch. */
const MANY = 2_500;

/** Stores many keys. */
async function fill(client: Texts, prefix = "key "): Promise<string[]> {
  const keys = Array.from({ length: MANY }, (_, index) => prefix + index);
  await client.mSet(keys.map((key) => [key, "value"]));
  return keys;
}
