import * as assert from "../assert.js";
import type { Texts } from "../scope.js";
import { sleep } from "../sleep.js";
import type { Suite } from "../suite.js";

/** What happens when TTLs end. These cases wait. */
export function expiry({ timed, facts: { brief, late } }: Suite): void {
  const span = Math.max(200, brief);

  for (const [way, give] of Object.entries(ways)) {
    timed(`a key is missing once its TTL has ended: ${way}`, async ({ withDefault, ended }) => {
      const client = withDefault(span);
      await give(client, "key", span);
      await ended(span);
      assert.equal(await client.find("key"), undefined);
    });

    timed(`a key is never missing before its TTL ends: ${way}`, async ({ withDefault }) => {
      const client = withDefault(span);
      const before = Date.now();
      await give(client, "key", span);
      while (Date.now() - before < span) {
        const live = await client.exists("key");
        const passed = Date.now() - before;
        assert.ok(live || passed >= span, `a key with a TTL of ${span} ms was missing after ${passed} ms`);
        await sleep(5);
      }
    });
  }

  for (const [calls, cure] of Object.entries(cures)) {
    timed(`${calls} makes a key outlive its old TTL`, async ({ client, ended }) => {
      await client.set("key", "1", { ttl: brief });
      await cure(client, "key");
      await ended(brief);
      assert.equal(await client.find("key"), "2");
    });
  }

  timed("a counter expires no matter how often it is incremented", async ({ client }) => {
    const before = Date.now();
    let count = await client.incr("key", 1, { ttl: span });
    const created = Date.now();
    let last: number;
    let surely: boolean;
    do {
      await sleep(10);
      surely = Date.now() - created > span + late;
      last = count;
      count = await client.incr("key", 1, { ttl: span });
    } while (count > last && !surely);
    assert.equal(count, 1);
    assert.ok(Date.now() - before >= span, "it started again at 1 before its TTL had ended");
  });

  timed("a TTL of a fraction of a millisecond is rounded up to 1", async ({ client, ended }) => {
    await client.set("key", "1", { ttl: 0.2 });
    await ended(1);
    assert.equal(await client.find("key"), undefined);
  });

  timed("keys expire independently", async ({ client, ended }) => {
    await client.mSet({ a: "1", b: "2" }, { ttl: brief });
    await client.mSet({ c: "3", d: "4" }, { ttl: "1h" });
    await ended(brief);
    assert.deepEqual([...(await client.mGet(["a", "b", "c", "d"])).keys()], ["c", "d"]);
  });

  timed("an expired key can be set again, repeatedly", async ({ client, expired, ended }) => {
    const key = await expired("1");
    assert.equal(await client.setNX(key, "2", { ttl: brief }), true);
    await ended(brief);
    assert.equal(await client.setNX(key, "3"), true);
    assert.equal(await client.get(key), "3");
  });

  timed("one of many concurrent setNX of an expired key returns true", async ({ client, expired }) => {
    const key = await expired("1");
    const results = await Promise.all(Array.from({ length: 50 }, (_, index) => client.setNX(key, `${index}`)));
    assert.equal(results.filter((stored) => stored).length, 1);
    assert.equal(await client.get(key), `${results.indexOf(true)}`);
  });
}

/** Ways to get a key with this TTL: by calls that set it, and by calls that keep it. It is also the client's default. */
const ways: Readonly<Record<string, (client: Texts, key: string, ttl: number) => Promise<unknown>>> = {
  "set by set": (client, key, ttl) => client.set(key, "1", { ttl }),
  "set by setNX": (client, key, ttl) => client.setNX(key, "1", { ttl }),
  "set by mSet": (client, key, ttl) => client.mSet({ [key]: "1" }, { ttl }),
  "set by getSet": (client, key, ttl) => client.getSet(key, "1", { ttl }),
  "set by incr": (client, key, ttl) => client.incr(key, 1, { ttl }),
  "set by decr": (client, key, ttl) => client.decr(key, 1, { ttl }),
  "set by getOrSet": (client, key, ttl) => client.getOrSet(key, () => "1", { ttl }),
  "set by compareAndSwap": async (client, key, ttl) => {
    await client.set(key, "1", { ttl: 0 });
    await client.compareAndSwap(key, "1", "2", { ttl });
  },
  "set by expire": async (client, key, ttl) => {
    await client.set(key, "1", { ttl: 0 });
    await client.expire(key, ttl);
  },
  "the client's default": (client, key) => client.set(key, "1"),
  "kept by incr": async (client, key) => {
    await client.set(key, "1");
    await client.incr(key);
  },
  "kept by getSet": async (client, key) => {
    await client.set(key, "1");
    await client.getSet(key, "2");
  },
  "kept by compareAndSwap": async (client, key) => {
    await client.set(key, "1");
    await client.compareAndSwap(key, "1", "2");
  },
};

/** Ways to make a key live indefinitely, although its TTL ends soon. */
const cures: Readonly<Record<string, (client: Texts, key: string) => Promise<unknown>>> = {
  set: (client, key) => client.set(key, "2"),
  mSet: (client, key) => client.mSet({ [key]: "2" }),
  "getSet with a ttl of 0": (client, key) => client.getSet(key, "2", { ttl: 0 }),
  "delete and set": async (client, key) => {
    await client.delete(key);
    await client.set(key, "2");
  },
  "delete and incr": async (client, key) => {
    await client.delete(key);
    await client.incr(key, 2);
  },
};
