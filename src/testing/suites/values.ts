import { sameBytes } from "../../driver/encoded.js";
import { CodecError } from "../../errors.js";
import * as assert from "../assert.js";
import { rejects } from "../assertions.js";
import type { Suite } from "../suite.js";

/** Values of every kind are stored and returned unchanged. */
export function values({ it, facts }: Suite): void {
  for (const [name, value] of Object.entries(texts)) {
    it(`every call returns text unchanged: ${name}`, async ({ client, bytes }) => {
      await client.set("set", value);
      assert.equal(await client.get("set"), value);
      assert.deepEqual(await client.mGet(["set"]), new Map([["set", value]]));
      assert.deepEqual(await bytes.get("set"), new TextEncoder().encode(value));

      await client.mSet({ mSet: value });
      assert.equal(await client.getSet("mSet", "other"), value);
      assert.equal(await client.compareAndSwap("mSet", "other", value), true);
      assert.equal(await client.find("mSet"), value);
      assert.equal(await client.compareAndDelete("mSet", value), true);

      assert.equal(await client.setNX("setNX", value), true);
      assert.equal(await client.exists("setNX"), true);
      assert.equal(await client.get("setNX"), value);
    });

    it(`text written as bytes is the same value: ${name}`, async ({ client, bytes }) => {
      await bytes.set("key", new TextEncoder().encode(value));
      assert.equal(await client.get("key"), value);
      assert.deepEqual(await client.mGet(["key"]), new Map([["key", value]]));
      assert.equal(await client.compareAndDelete("key", value), true);
    });
  }

  for (const [name, value] of Object.entries(binaries)) {
    it(`every call returns bytes unchanged: ${name}`, async ({ bytes }) => {
      await bytes.set("set", value);
      assert.deepEqual(await bytes.get("set"), value);
      assert.deepEqual(await bytes.mGet(["set"]), new Map([["set", value]]));

      await bytes.mSet({ mSet: value });
      assert.deepEqual(await bytes.getSet("mSet", Uint8Array.of(1)), value);
      assert.equal(await bytes.compareAndSwap("mSet", Uint8Array.of(1), value), true);
      assert.deepEqual(await bytes.find("mSet"), value);
      assert.equal(await bytes.compareAndDelete("mSet", value), true);

      assert.equal(await bytes.setNX("setNX", value), true);
      assert.deepEqual(await bytes.get("setNX"), value);
    });
  }

  it("a value that its codec neither copies in nor out shares no memory with the store", async ({ client, bytes }) => {
    const views = client.withCodec<Uint8Array>({
      format: "bytes",
      encode: (value) => value,
      decode: (stored) => stored,
    });
    const given = Uint8Array.of(1, 2);
    const writing = views.set("key", given);
    given.fill(9);
    await writing;
    (await views.get("key")).fill(9);
    assert.deepEqual(await bytes.get("key"), Uint8Array.of(1, 2));
  });

  const large = Math.min(1_000_000, facts.limits.valueBytes ?? Number.POSITIVE_INFINITY);

  it("a large text is returned unchanged", async ({ client }) => {
    const value = "0123456789".repeat(large / 10);
    await client.set("key", value);
    assert.ok((await client.get("key")) === value, "the text was changed");
  });

  it("large bytes are returned unchanged", async ({ bytes }) => {
    const value = Uint8Array.from({ length: large }, (_, index) => (index * 31) % 256);
    await bytes.mSet({ key: value });
    assert.ok(sameBytes(value, await bytes.get("key")), "the bytes were changed");
  });

  it("many values of different sizes are not mixed up", async ({ client }) => {
    const entries = Array.from({ length: 300 }, (_, index) => [`key ${index}`, `${index} `.repeat(index)] as const);
    await Promise.all(entries.map(([key, value]) => client.set(key, value)));
    assert.deepEqual(await client.mGet(entries.map(([key]) => key)), new Map(entries));
    assert.deepEqual(
      await Promise.all(entries.map(([key]) => client.get(key))),
      entries.map(([, value]) => value),
    );
  });

  it("bytes read by a client of text are a CodecError and stay", async ({ client, bytes }) => {
    await bytes.set("key", Uint8Array.of(0xff));
    await rejects(() => client.get("key"), CodecError, "get", "key");
    await rejects(() => client.find("key"), CodecError, "find", "key");
    assert.deepEqual(await bytes.get("key"), Uint8Array.of(0xff));
  });

  it("a text with a lone surrogate is a CodecError and nothing is written", async ({ client }) => {
    await rejects(() => client.set("key", "a\ud800"), CodecError, "set", "key");
    await rejects(() => client.setNX("key", "\udc00a"), CodecError, "setNX", "key");
    await rejects(() => client.getSet("key", "\ud800"), CodecError, "getSet", "key");
    assert.equal(await client.exists("key"), false);
  });

  it("the caller may change bytes after the call was made", async ({ bytes }) => {
    const value = Uint8Array.of(1, 2, 3);
    const calls = [
      bytes.set("set", value),
      bytes.setNX("setNX", value),
      bytes.mSet({ mSet: value }),
      bytes.getSet("getSet", value),
    ];
    value.fill(9);
    await Promise.all<unknown>(calls);
    for (const key of ["set", "setNX", "mSet", "getSet"]) {
      assert.deepEqual(await bytes.get(key), Uint8Array.of(1, 2, 3));
    }
  });

  it("the caller may change bytes that were returned", async ({ bytes }) => {
    await bytes.set("key", Uint8Array.of(1, 2, 3));
    (await bytes.get("key")).fill(9);
    (await bytes.mGet(["key"])).get("key")?.fill(9);
    assert.deepEqual(await bytes.getSet("key", Uint8Array.of(4)), Uint8Array.of(1, 2, 3));
  });

  it("only the window of a view into a larger buffer is stored", async ({ bytes }) => {
    await bytes.set("subarray", all256.subarray(10, 13));
    assert.deepEqual(await bytes.get("subarray"), Uint8Array.of(10, 11, 12));
    // Small Buffers share memory with others. Not every runtime has them.
    for (const Bytes of [Uint8Array, globalThis.Buffer].filter((each) => each !== undefined)) {
      await bytes.set("view", Bytes.from(all256).subarray(20, 22));
      assert.deepEqual(await bytes.get("view"), Uint8Array.of(20, 21));
    }
  });
}

const all256 = Uint8Array.from({ length: 256 }, (_, byte) => byte);

const texts: Readonly<Record<string, string>> = {
  "the empty text": "",
  "a space": " ",
  "white space around": " \t value \r\n",
  "a newline": "\n",
  "carriage return and newline": "a\r\nEND\r\n",
  "a NUL": "\0",
  "a BOM": "\ufeff",
  "a BOM before text": "\ufeffvalue",
  emoji: "😀👨‍👩‍👧‍👦",
  "the last code points": "\uffff\u{10ffff}",
  "letters of many scripts": "éßжاש中한",
  "a replacement character": "\ufffd",
  "two normal forms": "caf\u00e9 cafe\u0301",
  "a number": "42",
  "a number with zeros": "007.50",
  "a large number": "123456789012345678901234567890",
  true: "true",
  null: "null",
  undefined: "undefined",
  "a JSON text": '{"a":[1,"😀"],"__proto__":null}',
  quotes: `'a' "b" \\ \`c\``,
  "a long text": "naïve 😀 ".repeat(1_000),
};

const binaries: Readonly<Record<string, Uint8Array>> = {
  "no bytes": Uint8Array.of(),
  "a zero byte": Uint8Array.of(0),
  "zero bytes around": Uint8Array.of(0, 0, 1, 0, 0),
  "each of the 256 bytes": all256,
  "bytes that are no UTF-8": Uint8Array.of(0xff, 0xfe, 0xc3),
  "half of an emoji": Uint8Array.of(0xf0, 0x9f, 0x98),
  "an encoded surrogate": Uint8Array.of(0xed, 0xa0, 0x80),
  "an overlong zero": Uint8Array.of(0xc0, 0x80),
  "a gzip header": Uint8Array.of(0x1f, 0x8b, 0x08, 0x00),
  "many bytes": Uint8Array.from({ length: 10_000 }, (_, index) => (index * 31) % 256),
};
