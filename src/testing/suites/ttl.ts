import { NO_EXPIRY } from "../../driver/driver.js";
import { InvalidArgumentError } from "../../errors.js";
import * as assert from "../assert.js";
import { invalid, rejects } from "../assertions.js";
import { named, type Operation, ofOneKey, ofSeveralKeys, writes } from "../operations.js";
import { DAY, HOUR } from "../scope.js";
import type { Suite } from "../suite.js";

/** Which TTL a key has after each call. These cases do not wait. */
export function ttl({ it }: Suite): void {
  for (const [operation, { call, missing, live }] of Object.entries(rules)) {
    const starts = [
      ["a missing key", undefined, missing],
      ["a key with a TTL", DAY, live(DAY)],
      ["a key without a TTL", NO_EXPIRY, live(NO_EXPIRY)],
    ] as const;
    for (const [start, before, row] of starts) {
      for (const [at, { setting, options, fallback }] of columns.entries()) {
        const after = row?.[at];
        if (after === undefined) continue;
        it(`${operation} of ${start}, setting ${setting}, leaves ${shown(after)}`, async ({
          client,
          withDefault,
          assertTtl,
        }) => {
          if (before !== undefined) await client.set("key", "41", { ttl: Math.max(before, 0) });
          await call(withDefault(fallback), "key", options);
          await assertTtl("key", after);
        });
      }
    }
  }

  it("mSet gives every key the TTL", async ({ client, assertTtl }) => {
    await client.mSet({ a: "1", b: "2", c: "3" }, { ttl: HOUR });
    for (const key of ["a", "b", "c"]) await assertTtl(key, HOUR);
  });

  it("mSet of a thousand keys gives every key the TTL", async ({ client, assertTtl }) => {
    const keys = Array.from({ length: 1_000 }, (_, index) => `key ${index}`);
    await client.mSet(new Map(keys.map((key) => [key, "value"])), { ttl: HOUR });
    await Promise.all(keys.map((key) => assertTtl(key, HOUR)));
  });

  it("expire gives a TTL to a key without one", async ({ client, assertTtl }) => {
    await client.set("key", "value");
    assert.equal(await client.expire("key", HOUR), undefined);
    await assertTtl("key", HOUR);
    assert.equal(await client.get("key"), "value");
  });

  it("expire makes a TTL shorter or longer", async ({ client, assertTtl }) => {
    await client.set("key", "value", { ttl: DAY });
    await client.expire("key", HOUR);
    await assertTtl("key", HOUR);
    await client.expire("key", 5 * DAY);
    await assertTtl("key", 5 * DAY);
  });

  it("expire does not change other keys", async ({ client, assertTtl }) => {
    await client.mSet({ a: "1", b: "2" });
    await client.expire("a", HOUR);
    await assertTtl("b", NO_EXPIRY);
  });

  it("persist removes the TTL", async ({ client, assertTtl }) => {
    await client.set("key", "value", { ttl: HOUR });
    assert.equal(await client.persist("key"), undefined);
    await assertTtl("key", NO_EXPIRY);
    assert.equal(await client.get("key"), "value");
  });

  it("persist of a key without a TTL resolves", async ({ client, assertTtl }) => {
    await client.set("key", "value");
    await client.persist("key");
    await client.persist("key");
    await assertTtl("key", NO_EXPIRY);
  });

  it("expire sets a TTL again after persist", async ({ client, assertTtl }) => {
    await client.set("key", "value", { ttl: DAY });
    await client.persist("key");
    await client.expire("key", HOUR);
    await assertTtl("key", HOUR);
  });

  it("expire and persist ignore the default TTL", async ({ client, withDefault, assertTtl }) => {
    await client.set("key", "value", { ttl: HOUR });
    await withDefault(DAY).persist("key");
    await assertTtl("key", NO_EXPIRY);
  });

  it("a counter still counts after expire and persist", async ({ client }) => {
    await client.incr("key", 41);
    await client.expire("key", HOUR);
    await client.persist("key");
    assert.equal(await client.incr("key"), 42);
  });

  it("a compareAndSwap that returns false keeps the TTL", async ({ client, assertTtl }) => {
    await client.set("key", "value", { ttl: DAY });
    assert.equal(await client.compareAndSwap("key", "other", "new", { ttl: HOUR }), false);
    await assertTtl("key", DAY);
  });

  it("a compareAndDelete that returns false keeps the TTL", async ({ client, assertTtl }) => {
    await client.set("key", "value", { ttl: DAY });
    await client.compareAndDelete("key", "other");
    await assertTtl("key", DAY);
  });

  it("a deleted key has no TTL when it is stored again", async ({ client, assertTtl }) => {
    await client.mSet({ a: "1", b: "2", c: "3" }, { ttl: DAY });
    await client.delete("a");
    await client.mDel(["b"]);
    await client.compareAndDelete("c", "3");
    for (const key of ["a", "b", "c"]) {
      await client.getSet(key, "new");
      await assertTtl(key, NO_EXPIRY);
    }
  });

  it(
    "a cleared key has no TTL when it is stored again",
    async ({ client, assertTtl }) => {
      await client.set("key", "value", { ttl: DAY });
      await client.clear();
      await client.incr("key");
      await assertTtl("key", NO_EXPIRY);
    },
    "clear",
  );

  it("calls that keep a TTL do not extend it", async ({ client, bytes, facts: { late } }) => {
    await client.set("key", "0", { ttl: HOUR });
    for (let count = 0; count < 20; count++) {
      await client.incr("key");
      await client.getSet("key", "1");
      await client.compareAndSwap("key", "1", "2");
      await client.decr("key", 2);
      await bytes.setNX("key", Uint8Array.of());
    }
    const left = await client.ttl("key");
    assert.ok(left <= HOUR + late, `expected at most ${HOUR + late} ms; ${left} ms are left`);
  });

  it("ttl counts down, and never faster than the clock", async ({ client, facts: { late } }) => {
    const before = Date.now();
    const ttl = HOUR + 999; // Makes rounding to seconds visible.
    await client.set("key", "value", { ttl });
    const left = await client.ttl("key");
    const passed = Date.now() - before;
    assert.ok(Number.isInteger(left), `expected a whole number of milliseconds; got ${left}`);
    // Rounding may lose one unit of the store.
    assert.ok(left >= ttl - passed - late / 2 && left <= ttl + late, `${left} ms are left after ${passed} ms`);
  });

  it("a TTL may be a string with a unit", async ({ client, assertTtl }) => {
    for (const [ttl, hours] of [
      ["7200000ms", 2],
      ["7200s", 2],
      ["120m", 2],
      ["2h", 2],
      ["1.5d", 36],
      ["2w", 336],
    ] as const) {
      await client.set("key", "value", { ttl });
      await assertTtl("key", hours * HOUR);
    }
  });

  it("a TTL may be longer than the longest timer of Node", async ({ client, assertTtl }) => {
    await client.set("key", "value", { ttl: "60d" });
    await assertTtl("key", 60 * DAY);
    await client.incr("counter", 1, { ttl: "60d" });
    await client.incr("counter");
    await assertTtl("counter", 60 * DAY);
  });

  for (const [operation, call] of Object.entries(calls)) {
    it(`${operation} rejects a bad ttl and writes nothing`, async ({ client, assertTtl }) => {
      await client.set("key", "41", { ttl: DAY });
      for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY, "soon", "1 h", "-1h", "", "101y", 1e15, null]) {
        const options = { ttl: invalid(bad) };
        await rejects(() => call(client, "key", options), InvalidArgumentError, operation, named(operation, "key"));
      }
      assert.equal(await client.get("key"), "41");
      await assertTtl("key", DAY);
    });
  }

  it("expire rejects a bad ttl and 0, and changes nothing", async ({ client, assertTtl }) => {
    await client.set("key", "value", { ttl: DAY });
    for (const bad of [0, "0s", -1, "-1h", Number.NaN, Number.POSITIVE_INFINITY, "soon", 1e15, undefined]) {
      await rejects(() => client.expire("key", invalid(bad)), InvalidArgumentError, "expire", "key");
    }
    await assertTtl("key", DAY);
  });
}

/** The calls with a `ttl`. */
const calls: Readonly<Record<string, Operation>> = { ...writes, getOrSet: ofOneKey.getOrSet };

/** The client's default TTL in the table. */
const DEFAULT = 5 * DAY;

/** The TTL that a call sets, in the order of the table's columns. */
const columns = [
  { setting: "no TTL", options: {}, fallback: 0 },
  { setting: "a TTL", options: { ttl: HOUR }, fallback: DEFAULT },
  { setting: "0", options: { ttl: 0 }, fallback: DEFAULT },
  { setting: "no TTL with a default", options: {}, fallback: DEFAULT },
] as const;

type Row = readonly [number, number, number, number];
const replaces: Row = [NO_EXPIRY, HOUR, NO_EXPIRY, DEFAULT];
const keeps = (ttl: number): Row => [ttl, ttl, ttl, ttl];
const keepsUnlessSet = (ttl: number): Row => [ttl, HOUR, NO_EXPIRY, ttl];

/** The TTL after each call. */
const rules: Readonly<Record<string, { call: Operation; missing?: Row; live: (ttl: number) => Row }>> = {
  set: { call: ofOneKey.set, missing: replaces, live: () => replaces },
  mSet: { call: ofSeveralKeys.mSet, missing: replaces, live: () => replaces },
  setNX: { call: ofOneKey.setNX, missing: replaces, live: keeps },
  getSet: { call: ofOneKey.getSet, missing: replaces, live: keepsUnlessSet },
  compareAndSwap: { call: ofOneKey.compareAndSwap, live: keepsUnlessSet },
  incr: { call: ofOneKey.incr, missing: replaces, live: keeps },
  decr: { call: ofOneKey.decr, missing: replaces, live: keeps },
  getOrSet: { call: ofOneKey.getOrSet, missing: replaces, live: keeps },
};

/** A TTL of the table, for the titles. */
function shown(ttl: number): string {
  if (ttl === NO_EXPIRY) return "no TTL";
  if (ttl === HOUR) return "the new TTL";
  return ttl === DAY ? "the old TTL" : "the default TTL";
}
