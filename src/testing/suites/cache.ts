import assert from "node:assert/strict";
import { NO_EXPIRY } from "../../driver/driver.js";
import { CodecError, InvalidArgumentError } from "../../errors.js";
import { reasonOf, rejects } from "../assertions.js";
import { HOUR } from "../scope.js";
import type { Suite } from "../suite.js";

/** A computation that ends when told to, and counts how often it was begun. */
function computation(value: string | undefined) {
  let finish = (): void => {};
  let begin = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const result = {
    count: 0,
    begun,
    finish,
    compute: async (): Promise<string | undefined> => {
      result.count++;
      begin();
      await finished;
      return value;
    },
  };
  return result;
}

/** `getOrSet`. What its flights do over a driver that answers late, or at once. */
export function cache({ it }: Suite): void {
  it("a live key is given, and nothing computed", async ({ client }) => {
    await client.set("key", "stored");
    const value = await client.getOrSet("key", () => assert.fail("it computed"));
    assert.equal(value, "stored");
  });

  it("an empty value is a hit", async ({ client }) => {
    await client.set("key", "");
    assert.equal(await client.getOrSet("key", () => assert.fail("it computed")), "");
  });

  it("compute is given the key, and may answer at once or later", async ({ client }) => {
    assert.equal(await client.getOrSet("a", (key) => `of ${key}`), "of a");
    assert.equal(await client.getOrSet("b", async (key) => `of ${key}`), "of b");
    assert.deepEqual(await client.mGet(["a", "b"]), new Map(Object.entries({ a: "of a", b: "of b" })));
  });

  it("undefined is given and not stored", async ({ client }) => {
    assert.equal(await client.getOrSet("key", () => undefined), undefined);
    assert.equal(await client.exists("key"), false);
    assert.equal(await client.getOrSet("key", () => "value"), "value");
  });

  it("concurrent callers share one computation", async ({ client }) => {
    const { compute, finish, ...shared } = computation("value");
    const calls = Array.from({ length: 50 }, () => client.getOrSet("key", compute));
    await shared.begun;
    finish();
    assert.deepEqual(new Set(await Promise.all(calls)), new Set(["value"]));
    assert.equal(await client.get("key"), "value");
  });

  it("concurrent callers begin one computation", async ({ client }) => {
    const flight = computation("value");
    const calls = Array.from({ length: 50 }, () => client.getOrSet("key", flight.compute));
    await flight.begun;
    flight.finish();
    await Promise.all(calls);
    assert.equal(flight.count, 1);
  });

  it("different keys are computed apart", async ({ client }) => {
    const values = await Promise.all(["a", "b", "c"].map((key) => client.getOrSet(key, (own) => `of ${own}`)));
    assert.deepEqual(values, ["of a", "of b", "of c"]);
  });

  it("the first caller's ttl counts", async ({ client, assertTtl }) => {
    await Promise.all([
      client.getOrSet("key", async () => "value", { ttl: HOUR }),
      client.getOrSet("key", async () => "value", { ttl: 0 }),
    ]);
    await assertTtl("key", HOUR);
  });

  it("what compute rejects with reaches every caller unchanged, and nothing is stored", async ({ client }) => {
    const failure = new Error("the database is down");
    const compute = (): Promise<string> => Promise.reject(failure);
    const reasons = await Promise.all([1, 2, 3].map(() => reasonOf(client.getOrSet("key", compute))));
    assert.deepEqual(new Set(reasons), new Set([failure]));
    assert.equal(await client.exists("key"), false);
    assert.equal(await client.getOrSet("key", () => "value"), "value");
  });

  it("what compute throws is a rejection", async ({ client }) => {
    const failure = new Error("the database is down");
    const compute = (): string => {
      throw failure;
    };
    assert.equal(await reasonOf(client.getOrSet("key", compute)), failure);
  });

  it("what another writer stored meanwhile is not overwritten, and is what everyone gets", async ({
    client,
    texts,
  }) => {
    const flight = computation("computed");
    const calls = [client.getOrSet("key", flight.compute), client.getOrSet("key", flight.compute)];
    await flight.begun;
    await texts().set("key", "another writer's", { ttl: HOUR });
    flight.finish();
    assert.deepEqual(await Promise.all(calls), ["another writer's", "another writer's"]);
    assert.equal(await client.get("key"), "another writer's");
  });

  it("after a write by the same client, what was computed is given and not stored", async ({ client }) => {
    const flight = computation("computed");
    const call = client.getOrSet("key", flight.compute);
    await flight.begun;
    await client.set("key", "written");
    await client.delete("key");
    flight.finish();
    assert.equal(await call, "computed");
    assert.equal(await client.exists("key"), false);
  });

  it(
    "after a clear by the same client, what was computed is given and not stored",
    async ({ client }) => {
      const flight = computation("computed");
      const call = client.getOrSet("key", flight.compute);
      await flight.begun;
      await client.clear();
      flight.finish();
      assert.equal(await call, "computed");
      assert.equal(await client.exists("key"), false);
    },
    "clear",
  );

  it("a stored value that does not decode is CodecError, and stays", async ({ client, bytes }) => {
    await bytes.set("key", Uint8Array.of(0xff));
    await rejects(() => client.getOrSet("key", () => "value"), CodecError, "getOrSet", "key");
    assert.deepEqual(await bytes.get("key"), Uint8Array.of(0xff));
  });

  it("a computed value that does not encode is CodecError", async ({ client }) => {
    await rejects(() => client.getOrSet("key", () => "\ud800"), CodecError, "getOrSet", "key");
    assert.equal(await client.exists("key"), false);
  });

  it("what is no function is InvalidArgumentError", async ({ client }) => {
    await rejects(() => client.getOrSet("key", "value" as never), InvalidArgumentError, "getOrSet", "key");
  });

  it("an abort lets go of one caller, and the others get the value", async ({ client, assertTtl }) => {
    const flight = computation("value");
    const controller = new AbortController();
    const leaver = client.getOrSet("key", flight.compute, { signal: controller.signal });
    const stayer = client.getOrSet("key", flight.compute);
    await flight.begun;
    controller.abort("enough");
    assert.equal(await reasonOf(leaver), "enough");
    flight.finish();
    assert.equal(await stayer, "value");
    assert.equal(await client.get("key"), "value");
    await assertTtl("key", NO_EXPIRY);
  });
}
