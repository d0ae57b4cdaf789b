import { CodecError, InvalidArgumentError, InvalidKeyError } from "../../errors.js";
import * as assert from "../assert.js";
import { invalid, rejects } from "../assertions.js";
import type { Suite } from "../suite.js";

/** `mGet`, `mSet` and `mDel`. */
export function batch({ it }: Suite): void {
  it("mGet returns the keys that were found, in the order of the argument", async ({ client }) => {
    await client.mSet({ a: "1", b: "2", c: "3" });
    const found = await client.mGet(["c", "missing", "a"]);
    assert.deepEqual(
      [...found],
      [
        ["c", "3"],
        ["a", "1"],
      ],
    );
  });

  it("mGet returns the right value for each key, whichever keys are missing", async ({ client }) => {
    await client.mSet({ 1: "one", 3: "three", 5: "five" });
    const found = await client.mGet(["0", "1", "2", "3", "4", "5", "6"]);
    assert.deepEqual(found, new Map(Object.entries({ 1: "one", 3: "three", 5: "five" })));
  });

  it("mGet returns an empty Map when nothing is found", async ({ client }) => {
    assert.deepEqual(await client.mGet(["a", "b"]), new Map());
  });

  it("mGet of no keys returns an empty Map", async ({ client }) => {
    assert.deepEqual(await client.mGet([]), new Map());
  });

  it("mGet returns a duplicate key once", async ({ client }) => {
    await client.mSet({ a: "1", b: "2" });
    assert.deepEqual(
      [...(await client.mGet(["a", "b", "a"]))],
      [
        ["a", "1"],
        ["b", "2"],
      ],
    );
  });

  it("mGet takes any iterable of keys", async ({ client }) => {
    await client.mSet({ a: "1", b: "2" });
    const expected = new Map(Object.entries({ a: "1", b: "2" }));
    assert.deepEqual(await client.mGet(new Set(["a", "b"])), expected);
    assert.deepEqual(await client.mGet(expected.keys()), expected);
  });

  it("mGet and mSet treat the names of Object's own properties like any other key", async ({ client }) => {
    const entries = new Map([
      ["__proto__", "1"],
      ["constructor", "2"],
      ["toString", "3"],
    ]);
    await client.mSet(entries);
    assert.deepEqual(await client.mGet([...entries.keys(), "hasOwnProperty"]), entries);
  });

  it("mGet reads a thousand keys", async ({ client }) => {
    await client.mSet(thousand);
    assert.deepEqual(await client.mGet(thousand.map(([key]) => key)), new Map(thousand));
  });

  it("mGet rejects when one of the values does not decode", async ({ client, bytes }) => {
    await client.set("text", "value");
    await bytes.set("bytes", Uint8Array.of(0xff));
    await rejects(() => client.mGet(["text", "bytes"]), CodecError, "mGet");
  });

  it("mSet stores pairs, a Map and a plain object", async ({ client }) => {
    await client.mSet([["a", "1"]]);
    await client.mSet(new Map([["b", "2"]]));
    await client.mSet({ c: "3" });
    assert.deepEqual(await client.mGet(["a", "b", "c"]), new Map(Object.entries({ a: "1", b: "2", c: "3" })));
  });

  it("mSet resolves to undefined", async ({ client }) => {
    assert.equal(await client.mSet({ key: "value" }), undefined);
  });

  it("mSet replaces values and does not change other keys", async ({ client }) => {
    await client.mSet({ a: "1", b: "2", c: "3" });
    await client.mSet({ a: "4", c: "5" });
    assert.deepEqual(await client.mGet(["a", "b", "c"]), new Map(Object.entries({ a: "4", b: "2", c: "5" })));
  });

  it("mSet stores the last of several entries for one key", async ({ client }) => {
    await client.mSet([
      ["key", "first"],
      ["other", "value"],
      ["key", "last"],
    ]);
    assert.equal(await client.get("key"), "last");
    assert.equal(await client.get("other"), "value");
  });

  it("mSet of no entries resolves", async ({ client }) => {
    await client.mSet([]);
    await client.mSet({});
  });

  it("mSet stores one value under several keys independently", async ({ client }) => {
    await client.mSet({ a: "same", b: "same" });
    await client.set("a", "changed");
    assert.equal(await client.get("b"), "same");
  });

  it("mSet stores a thousand keys", async ({ client }) => {
    await client.mSet(thousand);
    const [first, last] = await Promise.all([client.get("key 0"), client.get("key 999")]);
    assert.deepEqual([first, last], ["value 0", "value 999"]);
  });

  it("mSet writes nothing when one of the keys is invalid", async ({ client }) => {
    const entries: [string, string][] = [
      ["key", "value"],
      ["", "value"],
    ];
    await rejects(() => client.mSet(entries), InvalidKeyError, "mSet");
    assert.equal(await client.exists("key"), false);
  });

  it("mSet writes nothing when one of the values does not encode", async ({ client }) => {
    await rejects(() => client.mSet({ key: "value", other: "\ud800" }), CodecError, "mSet");
    assert.equal(await client.exists("key"), false);
  });

  it("mSet rejects an argument that is not a list of entries", async ({ client }) => {
    for (const entries of [undefined, "ab", 1, ["ab"], [["key"]], [["key", "value", "more"]]]) {
      await rejects(() => client.mSet(invalid(entries)), InvalidArgumentError, "mSet");
    }
  });

  it("mDel removes the keys and returns how many were live", async ({ client }) => {
    await client.mSet({ a: "1", b: "2", c: "3" });
    assert.equal(await client.mDel(["a", "missing", "c"]), 2);
    assert.deepEqual(await client.mGet(["a", "b", "c"]), new Map([["b", "2"]]));
  });

  it("mDel counts a duplicate key once", async ({ client }) => {
    await client.mSet({ a: "1", b: "2" });
    assert.equal(await client.mDel(["a", "b", "a"]), 2);
  });

  it("mDel returns 0 the second time", async ({ client }) => {
    await client.mSet({ a: "1", b: "2" });
    await client.mDel(["a", "b"]);
    assert.equal(await client.mDel(["a", "b"]), 0);
  });

  it("mDel of no keys returns 0", async ({ client }) => {
    assert.equal(await client.mDel([]), 0);
  });

  it("mDel removes a thousand keys", async ({ client }) => {
    await client.mSet(thousand);
    const keys = thousand.map(([key]) => key);
    assert.equal(await client.mDel(keys), 1_000);
    assert.deepEqual(await client.mGet(keys), new Map());
  });

  it("mGet and mDel reject an argument that is not a list of keys", async ({ client }) => {
    for (const keys of [undefined, "abc", 1, {}]) {
      await rejects(() => client.mGet(invalid(keys)), InvalidArgumentError, "mGet");
      await rejects(() => client.mDel(invalid(keys)), InvalidArgumentError, "mDel");
    }
  });
}

const thousand = Array.from({ length: 1_000 }, (_, index) => [`key ${index}`, `value ${index}`] as const);
