import { CodecError } from "../../errors.js";
import * as assert from "../assert.js";
import { rejects } from "../assertions.js";
import type { Suite } from "../suite.js";

/** `getSet`, `compareAndSwap` and `compareAndDelete`: what they compare and return. */
export function swap({ it }: Suite): void {
  it("getSet stores the value and returns the previous one", async ({ client }) => {
    await client.set("key", "first");
    assert.equal(await client.getSet("key", "second"), "first");
    assert.equal(await client.getSet("key", "third"), "second");
    assert.equal(await client.get("key"), "third");
  });

  it("getSet distinguishes an empty value from a missing key", async ({ client }) => {
    assert.equal(await client.getSet("key", ""), undefined);
    assert.equal(await client.getSet("key", "value"), "");
  });

  it("getSet returns the form of the client's codec", async ({ client, bytes }) => {
    await bytes.set("key", Uint8Array.of(0x61));
    assert.equal(await client.getSet("key", "b"), "a");
    assert.deepEqual(await bytes.getSet("key", Uint8Array.of(0x63)), Uint8Array.of(0x62));
    assert.equal(await client.get("key"), "c");
  });

  it("getSet over a value that does not decode rejects, and stores the new one", async ({ client, bytes }) => {
    await bytes.set("key", Uint8Array.of(0xff));
    await rejects(() => client.getSet("key", "new"), CodecError, "getSet", "key");
    assert.equal(await client.get("key"), "new");
  });

  it("compareAndSwap replaces the expected value, and no other", async ({ client }) => {
    await client.set("key", "old");
    assert.equal(await client.compareAndSwap("key", "old", "new"), true);
    assert.equal(await client.get("key"), "new");
    assert.equal(await client.compareAndSwap("key", "old", "newer"), false);
    assert.equal(await client.get("key"), "new");
  });

  it("compareAndSwap replaces a value by itself", async ({ client }) => {
    await client.set("key", "value");
    assert.equal(await client.compareAndSwap("key", "value", "value"), true);
    assert.equal(await client.get("key"), "value");
  });

  it("compareAndSwap works from and to the empty value", async ({ client }) => {
    await client.set("key", "");
    assert.equal(await client.compareAndSwap("key", "", "value"), true);
    assert.equal(await client.compareAndSwap("key", "value", ""), true);
    assert.equal(await client.get("key"), "");
  });

  it("compareAndSwap of text matches a value written as bytes", async ({ client, bytes }) => {
    await bytes.set("key", new TextEncoder().encode("naïve 😀"));
    assert.equal(await client.compareAndSwap("key", "naïve 😀", "new"), true);
    assert.equal(await client.get("key"), "new");
  });

  it("compareAndSwap of bytes matches a value written as text", async ({ client, bytes }) => {
    await client.set("key", "naïve 😀");
    assert.equal(await bytes.compareAndSwap("key", new TextEncoder().encode("naïve 😀"), Uint8Array.of(0)), true);
    assert.deepEqual(await bytes.get("key"), Uint8Array.of(0));
  });

  it("compareAndSwap compares bytes that are not text", async ({ bytes }) => {
    await bytes.set("key", Uint8Array.of(0xff, 0x00));
    assert.equal(await bytes.compareAndSwap("key", Uint8Array.of(0xfe, 0x00), Uint8Array.of(1)), false);
    assert.equal(await bytes.compareAndSwap("key", Uint8Array.of(0xff), Uint8Array.of(1)), false);
    assert.equal(await bytes.compareAndSwap("key", Uint8Array.of(0xff, 0x00), Uint8Array.of(1)), true);
    assert.deepEqual(await bytes.get("key"), Uint8Array.of(1));
  });

  it("compareAndDelete removes the expected value", async ({ client }) => {
    await client.set("key", "value");
    assert.equal(await client.compareAndDelete("key", "value"), true);
    assert.equal(await client.exists("key"), false);
    assert.equal(await client.compareAndDelete("key", "value"), false);
  });

  it("compareAndDelete removes an empty value", async ({ client }) => {
    await client.set("key", "");
    assert.equal(await client.compareAndDelete("key", ""), true);
    assert.equal(await client.exists("key"), false);
  });

  it("compareAndDelete compares across text and bytes", async ({ client, bytes }) => {
    await client.mSet({ a: "naïve 😀", b: "naïve 😀" });
    await bytes.set("b", new TextEncoder().encode("naïve 😀"));
    assert.equal(await bytes.compareAndDelete("a", new TextEncoder().encode("naïve 😀")), true);
    assert.equal(await client.compareAndDelete("b", "naïve 😀"), true);
  });

  it("compareAndDelete does not change other keys", async ({ client }) => {
    await client.mSet({ a: "same", b: "same" });
    await client.compareAndDelete("a", "same");
    assert.equal(await client.get("b"), "same");
  });

  for (const [name, [stored, old]] of Object.entries(unlike)) {
    it(`the compare calls return false for ${name} and change nothing`, async ({ client }) => {
      await client.set("key", stored);
      assert.equal(await client.compareAndSwap("key", old, "new"), false);
      assert.equal(await client.compareAndDelete("key", old), false);
      assert.equal(await client.get("key"), stored);
    });
  }
}

/** Values that differ, although a store could take them for equal. */
const unlike: Readonly<Record<string, readonly [stored: string, old: string]>> = {
  "another value": ["value", "other"],
  "its beginning": ["value", "val"],
  "something longer": ["value", "values"],
  "the empty value": ["value", ""],
  "anything over the empty value": ["", "value"],
  "another case": ["value", "VALUE"],
  "a space more": ["value", "value "],
  "a NUL more": ["value", "value\0"],
  "a BOM more": ["value", "\ufeffvalue"],
  "another normal form": ["caf\u00e9", "cafe\u0301"],
  "another emoji": ["\u{1f600}", "\u{1f601}"],
  "an equal number": ["1", "1.0"],
};
