import * as assert from "../assert.js";
import { concurrentMSets } from "../concurrent-m-sets.js";
import { sleep } from "../sleep.js";
import type { Suite } from "../suite.js";

/** Concurrent calls: each is atomic, and calls about one key keep their order. */
export function concurrency({ it }: Suite): void {
  it("one of 100 concurrent setNX returns true, and its value is stored", async ({ client }) => {
    const results = await together(100, (index) => client.setNX("key", `${index}`));
    assert.equal(countTrue(results), 1);
    assert.equal(await client.get("key"), `${results.indexOf(true)}`);
  });

  it("one of 100 concurrent compareAndSwap returns true, and its value is stored", async ({ client }) => {
    await client.set("key", "old");
    const results = await together(100, (index) => client.compareAndSwap("key", "old", `${index}`));
    assert.equal(countTrue(results), 1);
    assert.equal(await client.get("key"), `${results.indexOf(true)}`);
  });

  it("one of 100 concurrent compareAndDelete returns true", async ({ client }) => {
    await client.set("key", "old");
    assert.equal(countTrue(await together(100, () => client.compareAndDelete("key", "old"))), 1);
    assert.equal(await client.exists("key"), false);
  });

  it("one of 100 concurrent delete returns true", async ({ client }) => {
    await client.set("key", "value");
    assert.equal(countTrue(await together(100, () => client.delete("key"))), 1);
  });

  it("concurrent mDel count each key once between them", async ({ client }) => {
    const keys = Array.from({ length: 20 }, (_, index) => `key ${index}`);
    await client.mSet(keys.map((key) => [key, "value"]));
    const counts = await together(10, () => client.mDel(keys));
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      20,
    );
  });

  it("1,000 concurrent incr count to 1,000, and no two return the same number", async ({ client }) => {
    const counts = await together(1_000, () => client.incr("key"));
    assert.deepEqual(
      counts.sort((a, b) => a - b),
      Array.from({ length: 1_000 }, (_, index) => index + 1),
    );
    assert.equal(await client.get("key"), "1000");
  });

  it("concurrent incr and decr with deltas lose nothing", async ({ client }) => {
    await together(200, (index) => (index % 2 === 0 ? client.incr("key", index) : client.decr("key", index)));
    assert.equal(await client.get("key"), "-100");
  });

  it("concurrent incr of several keys count each key separately", async ({ client }) => {
    await together(300, (index) => client.incr(`key ${index % 3}`));
    assert.deepEqual([...(await client.mGet(["key 0", "key 1", "key 2"])).values()], ["100", "100", "100"]);
  });

  it("concurrent incr beyond the limit are rejected", async ({ client }) => {
    await client.set("key", String(Number.MAX_SAFE_INTEGER - 10));
    const settled = await Promise.allSettled(Array.from({ length: 30 }, () => client.incr("key")));
    assert.equal(settled.filter(({ status }) => status === "fulfilled").length, 10);
    assert.equal(await client.get("key"), String(Number.MAX_SAFE_INTEGER));
  });

  it("a chain of 100 concurrent getSet loses no value", async ({ client }) => {
    const before = await together(100, (index) => client.getSet("key", `${index}`));
    const all = [...before, await client.get("key")];
    assert.deepEqual(new Set(all), new Set([undefined, ...Array.from({ length: 100 }, (_, index) => `${index}`)]));
  });

  it("loops of get and compareAndSwap lose no update", async ({ client }) => {
    await client.set("key", "0");
    await together(10, async () => {
      let done = 0;
      // Each attempt that fails was overtaken by a step of another, of which there are 90.
      for (let attempts = 0; attempts < 100 && done < 10; attempts++) {
        const before = await client.get("key");
        if (await client.compareAndSwap("key", before, `${Number(before) + 1}`)) done++;
      }
    });
    assert.equal(await client.get("key"), "100");
  });

  it("a lock of setNX and compareAndDelete has one holder at a time", async ({ client }) => {
    let holders = 0;
    await together(10, async (index) => {
      for (let attempts = 0; attempts < 1_000; attempts++) {
        if (await client.setNX("lock", `${index}`)) break;
        await sleep(0);
      }
      assert.equal(++holders, 1);
      assert.equal(await client.get("lock"), `${index}`);
      holders--;
      assert.equal(await client.compareAndDelete("lock", `${index}`), true);
    });
  });

  it("concurrent sets leave one complete value", async ({ client }) => {
    const values = Array.from({ length: 50 }, (_, index) => `${index}`.repeat(1_000));
    await Promise.all(values.map((value) => client.set("key", value)));
    assert.ok(values.includes(await client.get("key")));
  });

  it("concurrent mSet leave the value of one caller under each key", async ({ client }) => {
    const values = await concurrentMSets(client);
    assert.equal(values.length, 20, `expected values under 20 keys; got ${values.length}`);
    for (const value of values) assert.match(value, /^\d$/);
  });

  it(
    "concurrent mSet leave all values of one caller",
    async ({ client }) => {
      const values = new Set(await concurrentMSets(client));
      assert.equal(values.size, 1, `expected the values of one caller; got those of callers ${[...values].join(", ")}`);
    },
    "atomicMSet",
  );

  it("a read sees a write that was not awaited", async ({ client }) => {
    const calls = [
      client.set("key", "1"),
      client.get("key"),
      client.exists("key"),
      client.set("key", "2"),
      client.find("key"),
      client.mSet({ key: "3", other: "3" }),
      client.get("key"),
      client.mGet(["other"]),
      client.delete("key"),
      client.find("key"),
      client.setNX("key", "4"),
      client.get("key"),
      client.mDel(["key"]),
      client.exists("key"),
    ];
    assert.deepEqual(
      (await Promise.all<unknown>(calls)).filter((result) => result !== undefined),
      ["1", true, "2", "3", new Map([["other", "3"]]), true, true, "4", 1, false],
    );
  });

  it("writes that were not awaited take effect in the order of the calls", async ({ client }) => {
    await together(100, (index) => client.set("key", `${index}`));
    assert.equal(await client.get("key"), "99");
    await Promise.all([
      client.set("key", "1", { ttl: "1h" }),
      client.set("key", "2"),
      client.set("key", "3", { ttl: "1h" }),
    ]);
    assert.equal(await client.get("key"), "3");
  });

  it("many different concurrent calls each get their own reply", async ({ client }) => {
    await client.mSet(Array.from({ length: 100 }, (_, index) => [`key ${index}`, `${index}`]));
    const results = await together(100, async (index) => {
      const key = `key ${index}`;
      const calls = [
        client.get(key),
        client.exists(key),
        client.setNX(key, "new"),
        client.compareAndSwap(key, "none", "new"),
        client.getSet(key, `${index}`),
      ];
      return calls[index % calls.length];
    });
    const expected = (index: number) => [`${index}`, true, false, false, `${index}`][index % 5];
    assert.deepEqual(
      results,
      results.map((_, index) => expected(index)),
    );
  });
}

/** Makes so many calls at the same time. */
function together<T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => call(index)));
}

function countTrue(results: readonly boolean[]): number {
  return results.filter((result) => result).length;
}
