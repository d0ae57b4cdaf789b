import * as assert from "../assert.js";
import { reasonOf, sameKeys } from "../assertions.js";
import { operations } from "../operations.js";
import { DAY } from "../scope.js";
import type { Suite } from "../suite.js";

/** Calls with a signal: before, during and after a call. */
export function abort({ it }: Suite): void {
  for (const [operation, call] of Object.entries(operations)) {
    it(`${operation} with a signal that has fired rejects with its reason and does nothing`, async ({
      client,
      assertTtl,
    }) => {
      await client.set("key", "41", { ttl: DAY });
      const reason = new Error("enough");
      assert.equal(await reasonOf(call(client, "key", { signal: AbortSignal.abort(reason) })), reason);
      assert.deepEqual(await client.mGet(["key", "other"]), new Map([["key", "41"]]));
      await assertTtl("key", DAY);
    });
  }

  it("a call with a signal that has fired creates no key", async ({ client }) => {
    const signal = AbortSignal.abort("enough");
    for (const call of Object.values(operations))
      assert.equal(await reasonOf(call(client, "key", { signal })), "enough");
    assert.deepEqual(await client.mGet(["key", "other"]), new Map());
  });

  it("a signal that does not fire changes nothing", async ({ client }) => {
    const { signal } = new AbortController();
    await client.set("key", "value", { signal });
    assert.equal(await client.get("key", { signal }), "value");
    assert.equal(await client.delete("key", { signal }), true);
  });

  it("an abort during a call rejects with the reason, or comes too late", async ({ client }) => {
    await client.set("key", "value");
    const controller = new AbortController();
    const calls = Array.from({ length: 20 }, () => client.get("key", { signal: controller.signal }));
    controller.abort("enough");
    const outcomes = await Promise.all(calls.map((call) => call.catch((reason: unknown) => reason)));
    for (const outcome of outcomes) assert.ok(outcome === "value" || outcome === "enough", `it gave ${outcome}`);
    assert.equal(await client.get("key"), "value");
  });

  it("an abort after the call changes nothing", async ({ client }) => {
    const controller = new AbortController();
    await client.set("key", "value", { signal: controller.signal });
    controller.abort();
    assert.equal(await client.get("key"), "value");
  });

  it("an aborted write leaves the complete old value or the complete new one", async ({ client }) => {
    await client.set("key", "old");
    const controller = new AbortController();
    const write = client.set("key", "new", { signal: controller.signal }).catch((reason: unknown) => reason);
    controller.abort("enough");
    await write;
    assert.ok(["old", "new"].includes(await client.get("key")));
  });

  it(
    "an abort during a scan ends it with the reason",
    async ({ client }) => {
      await client.mSet({ a: "1", b: "2", c: "3" });
      const controller = new AbortController();
      const seen: string[] = [];
      const listing = (async () => {
        for await (const key of client.scan("*", { signal: controller.signal })) {
          seen.push(key);
          controller.abort("enough");
        }
      })();
      assert.equal(await reasonOf(listing), "enough");
      assert.ok(seen.length > 0);
      sameKeys(await client.keys(), ["a", "b", "c"]);
    },
    "scan",
  );
}
