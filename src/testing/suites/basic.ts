import * as assert from "../assert.js";
import type { Suite } from "../suite.js";

/** `set`, `setNX`, `get`, `find`, `delete` and `exists`, without TTLs. */
export function basic({ it }: Suite): void {
  it("get and find return what set stored", async ({ client }) => {
    await client.set("key", "value");
    assert.equal(await client.get("key"), "value");
    assert.equal(await client.find("key"), "value");
  });

  it("a key that was set exists", async ({ client }) => {
    await client.set("key", "value");
    assert.equal(await client.exists("key"), true);
  });

  it("set replaces the value", async ({ client }) => {
    await client.set("key", "a long first value");
    await client.set("key", "second");
    assert.equal(await client.get("key"), "second");
  });

  it("set resolves to undefined", async ({ client }) => {
    assert.equal(await client.set("key", "value"), undefined);
  });

  it("set does not change other keys", async ({ client }) => {
    await client.set("a", "1");
    await client.set("b", "2");
    await client.set("a", "3");
    assert.equal(await client.get("b"), "2");
  });

  it("reading changes nothing", async ({ client }) => {
    await client.set("key", "value");
    await Promise.all([client.get("key"), client.find("key"), client.exists("key"), client.mGet(["key"])]);
    assert.equal(await client.get("key"), "value");
  });

  it("delete removes a live key and returns true", async ({ client }) => {
    await client.set("key", "value");
    assert.equal(await client.delete("key"), true);
    assert.equal(await client.find("key"), undefined);
    assert.equal(await client.exists("key"), false);
  });

  it("delete returns false the second time", async ({ client }) => {
    await client.set("key", "value");
    await client.delete("key");
    assert.equal(await client.delete("key"), false);
  });

  it("delete does not change other keys", async ({ client }) => {
    await client.mSet({ a: "1", ab: "2", b: "3" });
    await client.delete("a");
    assert.deepEqual(await client.mGet(["a", "ab", "b"]), new Map(Object.entries({ ab: "2", b: "3" })));
  });

  it("a key that was deleted can be set again", async ({ client }) => {
    await client.set("key", "first");
    await client.delete("key");
    await client.set("key", "second");
    assert.equal(await client.get("key"), "second");
  });

  it("setNX returns false for a live key and keeps its value", async ({ client }) => {
    await client.set("key", "first");
    assert.equal(await client.setNX("key", "second"), false);
    assert.equal(await client.get("key"), "first");
  });

  it("setNX returns false for a key that setNX stored", async ({ client }) => {
    assert.equal(await client.setNX("key", "first"), true);
    assert.equal(await client.setNX("key", "second"), false);
    assert.equal(await client.get("key"), "first");
  });

  it("setNX returns false even for the same value", async ({ client }) => {
    await client.set("key", "value");
    assert.equal(await client.setNX("key", "value"), false);
  });

  it("setNX stores a key again after delete", async ({ client }) => {
    await client.setNX("key", "first");
    await client.delete("key");
    assert.equal(await client.setNX("key", "second"), true);
    assert.equal(await client.get("key"), "second");
  });

  it("several clients of one namespace share its keys", async ({ client, texts }) => {
    await client.set("key", "value");
    assert.equal(await texts().get("key"), "value");
    await texts().delete("key");
    assert.equal(await client.exists("key"), false);
  });
}
