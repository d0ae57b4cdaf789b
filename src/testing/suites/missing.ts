import { NO_EXPIRY } from "../../driver/driver.js";
import { NotFoundError } from "../../errors.js";
import * as assert from "../assert.js";
import { collect, rejects } from "../assertions.js";
import { DAY, HOUR, type Scope } from "../scope.js";
import type { Needs, Suite } from "../suite.js";

/** Every call on a missing key, and on an expired one. */
export function missing({ it, timed }: Suite): void {
  for (const [effect, body, ...needs] of effects) {
    it(`a missing key: ${effect}`, (scope) => body(scope, "missing"), ...needs);
    timed(`an expired key: ${effect}`, async (scope) => body(scope, await scope.expired("41")), ...needs);
  }
}

/** What each call does with a missing key. An expired key held "41". */
const effects: readonly [effect: string, body: (scope: Scope, key: string) => Promise<unknown>, ...needs: Needs][] = [
  ["get rejects with NotFoundError", ({ client }, key) => rejects(() => client.get(key), NotFoundError, "get", key)],
  ["find returns undefined", async ({ client }, key) => assert.equal(await client.find(key), undefined)],
  ["exists returns false", async ({ client }, key) => assert.equal(await client.exists(key), false)],
  ["delete returns false", async ({ client }, key) => assert.equal(await client.delete(key), false)],
  ["ttl rejects with NotFoundError", ({ client }, key) => rejects(() => client.ttl(key), NotFoundError, "ttl", key)],
  [
    "expire rejects with NotFoundError and creates nothing",
    async ({ client }, key) => {
      await rejects(() => client.expire(key, "1h"), NotFoundError, "expire", key);
      assert.equal(await client.exists(key), false);
    },
  ],
  [
    "persist rejects with NotFoundError and creates nothing",
    async ({ client }, key) => {
      await rejects(() => client.persist(key), NotFoundError, "persist", key);
      assert.equal(await client.exists(key), false);
    },
  ],
  [
    "mGet leaves it out",
    async ({ client }, key) => {
      await client.set("live", "value");
      assert.deepEqual(await client.mGet([key, "live"]), new Map([["live", "value"]]));
    },
  ],
  [
    "mDel does not count it",
    async ({ client }, key) => {
      await client.set("live", "value");
      assert.equal(await client.mDel([key, "live"]), 1);
    },
  ],
  [
    "set stores it, without a TTL",
    async ({ client, assertTtl }, key) => {
      await client.set(key, "new");
      assert.equal(await client.get(key), "new");
      await assertTtl(key, NO_EXPIRY);
    },
  ],
  [
    "mSet stores it, without a TTL",
    async ({ client, assertTtl }, key) => {
      await client.mSet([[key, "new"]]);
      assert.equal(await client.get(key), "new");
      await assertTtl(key, NO_EXPIRY);
    },
  ],
  [
    "setNX stores it and returns true",
    async ({ client, assertTtl }, key) => {
      assert.equal(await client.setNX(key, "new"), true);
      assert.equal(await client.get(key), "new");
      await assertTtl(key, NO_EXPIRY);
    },
  ],
  [
    "setNX sets the TTL",
    async ({ client, assertTtl }, key) => {
      await client.setNX(key, "new", { ttl: HOUR });
      await assertTtl(key, HOUR);
    },
  ],
  [
    "getSet stores it and returns undefined",
    async ({ client, assertTtl }, key) => {
      assert.equal(await client.getSet(key, "new"), undefined);
      assert.equal(await client.get(key), "new");
      await assertTtl(key, NO_EXPIRY);
    },
  ],
  [
    "getSet sets the TTL",
    async ({ client, assertTtl }, key) => {
      await client.getSet(key, "new", { ttl: HOUR });
      await assertTtl(key, HOUR);
    },
  ],
  [
    "getSet sets the client's default TTL",
    async ({ withDefault, assertTtl }, key) => {
      await withDefault(DAY).getSet(key, "new");
      await assertTtl(key, DAY);
    },
  ],
  [
    "incr starts at 0",
    async ({ client, assertTtl }, key) => {
      assert.equal(await client.incr(key, 7), 7);
      assert.equal(await client.get(key), "7");
      await assertTtl(key, NO_EXPIRY);
    },
  ],
  [
    "incr sets the TTL",
    async ({ client, assertTtl }, key) => {
      await client.incr(key, 1, { ttl: HOUR });
      await assertTtl(key, HOUR);
    },
  ],
  [
    "incr sets the client's default TTL",
    async ({ withDefault, assertTtl }, key) => {
      await withDefault(DAY).incr(key);
      await assertTtl(key, DAY);
    },
  ],
  [
    "decr starts at 0",
    async ({ client, assertTtl }, key) => {
      assert.equal(await client.decr(key, 7), -7);
      assert.equal(await client.get(key), "-7");
      await assertTtl(key, NO_EXPIRY);
    },
  ],
  [
    "decr sets the TTL",
    async ({ client, assertTtl }, key) => {
      await client.decr(key, 1, { ttl: HOUR });
      await assertTtl(key, HOUR);
    },
  ],
  [
    "compareAndSwap returns false and creates nothing",
    async ({ client }, key) => {
      assert.equal(await client.compareAndSwap(key, "41", "new"), false);
      assert.equal(await client.compareAndSwap(key, "41", "new", { ttl: HOUR }), false);
      assert.equal(await client.exists(key), false);
    },
  ],
  [
    "compareAndSwap does not treat it as an empty value",
    async ({ client }, key) => {
      assert.equal(await client.compareAndSwap(key, "", "new"), false);
      assert.equal(await client.exists(key), false);
    },
  ],
  [
    "compareAndDelete returns false",
    async ({ client }, key) => assert.equal(await client.compareAndDelete(key, "41"), false),
  ],
  [
    "compareAndDelete does not treat it as an empty value",
    async ({ client }, key) => assert.equal(await client.compareAndDelete(key, ""), false),
  ],
  [
    "getOrSet computes and stores it",
    async ({ client }, key) => {
      assert.equal(await client.getOrSet(key, () => "new"), "new");
      assert.equal(await client.get(key), "new");
    },
  ],
  [
    "keys does not list it",
    async ({ client }, key) => {
      await client.set("live", "value");
      assert.deepEqual(await client.keys(), ["live"]);
      assert.deepEqual(await client.keys(key), []);
    },
    "scan",
  ],
  [
    "scan does not list it",
    async ({ client }) => {
      await client.set("live", "value");
      assert.deepEqual(await collect(client.scan()), ["live"]);
    },
    "scan",
  ],
  [
    "clear removes nothing and resolves",
    async ({ client }, key) => {
      await client.clear();
      assert.equal(await client.exists(key), false);
    },
    "clear",
  ],
  [
    "the driver returns values and throws nothing",
    async ({ driver, prefix }, key) => {
      assert.equal(await driver.get(prefix, key), undefined);
      assert.deepEqual(await driver.mGet(prefix, [key]), [undefined]);
      assert.equal(await driver.exists(prefix, key), false);
      assert.equal(await driver.delete(prefix, key), false);
      assert.equal(await driver.mDel(prefix, [key]), 0);
      assert.equal(await driver.ttl(prefix, key), undefined);
      assert.equal(await driver.expire(prefix, key, HOUR), false);
      assert.equal(await driver.persist(prefix, key), false);
      assert.equal(await driver.compareAndSwap(prefix, key, "41", "new", 0, true), false);
      assert.equal(await driver.compareAndDelete(prefix, key, "41"), false);
      assert.equal(await driver.getSet(prefix, key, "new", 0, true), undefined);
    },
  ],
];
