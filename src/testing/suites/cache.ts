import { NO_EXPIRY } from "../../driver/driver.js";
import { CodecError, InvalidArgumentError } from "../../errors.js";
import * as assert from "../assert.js";
import { invalid, reasonOf, rejects } from "../assertions.js";
import { HOUR } from "../scope.js";
import type { Suite } from "../suite.js";

/** `getOrSet`, over a driver that returns results directly or promises. */
export function cache({ it }: Suite): void {
  it("getOrSet returns a live value, and computes a missing one", async ({ client }) => {
    await client.set("live", "stored");
    assert.equal(await client.getOrSet("live", compute), "stored");
    assert.equal(await client.getOrSet("missing", compute), "computed for missing");
    assert.deepEqual(
      await client.mGet(["live", "missing"]),
      new Map(Object.entries({ live: "stored", missing: "computed for missing" })),
    );
  });

  it("getOrSet treats an empty value as a hit", async ({ client }) => {
    await client.set("key", "");
    assert.equal(await client.getOrSet("key", compute), "");
  });

  it("compute may return a promise", async ({ client }) => {
    assert.equal(await client.getOrSet("key", async (key) => compute(key)), "computed for key");
    assert.equal(await client.get("key"), "computed for key");
  });

  it("undefined is returned and not stored", async ({ client }) => {
    assert.equal(await client.getOrSet("key", () => undefined), undefined);
    assert.equal(await client.exists("key"), false);
    assert.equal(await client.getOrSet("key", () => "value"), "value");
  });

  it("concurrent callers share one computation", async ({ client }) => {
    const flight = computation("value");
    const calls = Array.from({ length: 50 }, () => client.getOrSet("key", flight.compute));
    await Promise.race([flight.begun, ...calls]);
    flight.finish();
    assert.deepEqual(new Set(await Promise.all(calls)), new Set(["value"]));
    assert.equal(flight.count, 1);
    assert.equal(await client.get("key"), "value");
  });

  it("different keys are computed separately", async ({ client }) => {
    const values = await Promise.all(["a", "b"].map((key) => client.getOrSet(key, compute)));
    assert.deepEqual(values, ["computed for a", "computed for b"]);
  });

  it("concurrent callers store with the ttl of the first", async ({ client, assertTtl }) => {
    const flight = computation("value");
    const calls = [HOUR, 0].map((ttl) => client.getOrSet("key", flight.compute, { ttl }));
    await Promise.race([flight.begun, ...calls]);
    flight.finish();
    await Promise.all(calls);
    await assertTtl("key", HOUR);
  });

  it("every caller rejects with the error of compute itself, and nothing is stored", async ({ client }) => {
    const failure = new Error("the database is down");
    const compute = (): Promise<string> => Promise.reject(failure);
    const reasons = await Promise.all([1, 2, 3].map(() => reasonOf(client.getOrSet("key", compute))));
    assert.deepEqual(new Set(reasons), new Set([failure]));
    assert.equal(await client.exists("key"), false);
    assert.equal(await client.getOrSet("key", () => "value"), "value");
  });

  it("an error thrown by compute becomes a rejection", async ({ client }) => {
    const failure = new Error("the database is down");
    const compute = (): string => {
      throw failure;
    };
    assert.equal(await reasonOf(client.getOrSet("key", compute)), failure);
  });

  it("a value that another writer stored meanwhile is kept, and all callers get it", async ({ client, texts }) => {
    const flight = computation("computed");
    const calls = [client.getOrSet("key", flight.compute), client.getOrSet("key", flight.compute)];
    await Promise.race([flight.begun, ...calls]);
    await texts().set("key", "another writer's", { ttl: HOUR });
    flight.finish();
    assert.deepEqual(await Promise.all(calls), ["another writer's", "another writer's"]);
    assert.equal(await client.get("key"), "another writer's");
  });

  it("after a write by the same client, the computed value is returned and not stored", async ({ client }) => {
    const flight = computation("computed");
    const call = client.getOrSet("key", flight.compute);
    await Promise.race([flight.begun, call]);
    await client.set("key", "written");
    await client.delete("key");
    flight.finish();
    assert.equal(await call, "computed");
    assert.equal(await client.exists("key"), false);
  });

  it(
    "after a clear by the same client, the computed value is returned and not stored",
    async ({ client }) => {
      const flight = computation("computed");
      const call = client.getOrSet("key", flight.compute);
      await Promise.race([flight.begun, call]);
      await client.clear();
      flight.finish();
      assert.equal(await call, "computed");
      assert.equal(await client.exists("key"), false);
    },
    "clear",
  );

  it("a stored value that does not decode is a miss: the computed value replaces it", async ({
    client,
    bytes,
    assertTtl,
  }) => {
    await bytes.set("key", Uint8Array.of(0xff));
    await rejects(() => client.find("key"), CodecError, "find", "key");
    assert.equal(await client.getOrSet("key", () => "value", { ttl: HOUR }), "value");
    assert.equal(await client.get("key"), "value");
    await assertTtl("key", HOUR);
  });

  it("a stored value that does not decode is not replaced once another writer has replaced it", async ({
    client,
    bytes,
    texts,
  }) => {
    await bytes.set("key", Uint8Array.of(0xff));
    const flight = computation("computed");
    const call = client.getOrSet("key", flight.compute);
    await Promise.race([flight.begun, call]);
    await texts().set("key", "theirs");
    flight.finish();
    assert.equal(await call, "theirs");
    assert.equal(await client.get("key"), "theirs");
  });

  it("a computed value that does not encode is a CodecError", async ({ client }) => {
    await rejects(() => client.getOrSet("key", () => "\ud800"), CodecError, "getOrSet", "key");
    assert.equal(await client.exists("key"), false);
  });

  it("a compute that is not a function is an InvalidArgumentError", async ({ client }) => {
    await rejects(() => client.getOrSet("key", invalid("value")), InvalidArgumentError, "getOrSet", "key");
  });

  it("an abort ends the call of one caller, and the others get the value", async ({ client, assertTtl }) => {
    const flight = computation("value");
    const controller = new AbortController();
    const leaver = client.getOrSet("key", flight.compute, { signal: controller.signal });
    const stayer = client.getOrSet("key", flight.compute);
    await Promise.race([flight.begun, leaver, stayer]);
    controller.abort("enough");
    assert.equal(await reasonOf(leaver), "enough");
    flight.finish();
    assert.equal(await stayer, "value");
    assert.equal(await client.get("key"), "value");
    await assertTtl("key", NO_EXPIRY);
  });
}

/** A computation that ends when told to, and counts how often it was begun. */
function computation(value: string) {
  let begin: () => void;
  let finish: () => void;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const flight = {
    count: 0,
    begun,
    finish: () => finish(),
    async compute(): Promise<string> {
      flight.count++;
      begin();
      await finished;
      return value;
    },
  };
  return flight;
}

const compute = (key: string): string => `computed for ${key}`;
