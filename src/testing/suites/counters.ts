import { InvalidArgumentError, OverflowError, TypeMismatchError } from "../../errors.js";
import * as assert from "../assert.js";
import { invalid, rejects } from "../assertions.js";
import { DAY } from "../scope.js";
import type { Suite } from "../suite.js";

/** `incr` and `decr`: values, limits and errors. */
export function counters({ it }: Suite): void {
  it("incr adds 1 and decr subtracts 1 by default", async ({ client }) => {
    assert.equal(await client.incr("key"), 1);
    assert.equal(await client.incr("key"), 2);
    assert.equal(await client.decr("key"), 1);
  });

  it("incr and decr take a delta of either sign", async ({ client }) => {
    assert.equal(await client.incr("key", 10), 10);
    assert.equal(await client.incr("key", -3), 7);
    assert.equal(await client.decr("key", 20), -13);
    assert.equal(await client.decr("key", -14), 1);
  });

  it("a delta of 0 reads a counter, and creates one at 0", async ({ client }) => {
    assert.equal(await client.incr("key", 0), 0);
    assert.equal(await client.get("key"), "0");
    await client.incr("key", 5);
    assert.equal(await client.decr("key", 0), 5);
  });

  it("a counter is decimal text", async ({ client, bytes }) => {
    await client.incr("key", 42);
    assert.equal(await client.get("key"), "42");
    assert.deepEqual(await bytes.get("key"), Uint8Array.of(0x34, 0x32));
    await client.decr("key", 50);
    assert.equal(await client.get("key"), "-8");
  });

  it("a counter that gets shorter keeps no old digits", async ({ client }) => {
    await client.incr("key", 1_000);
    for (const [delta, expected] of [
      [-1, "999"],
      [-900, "99"],
      [-99, "0"],
      [-10, "-10"],
      [1, "-9"],
      [9, "0"],
    ] as const) {
      assert.equal(await client.incr("key", delta), Number(expected));
      assert.equal(await client.get("key"), expected);
    }
  });

  it("zero is never minus zero", async ({ client }) => {
    assert.ok(Object.is(await client.decr("key", 0), 0));
    await client.incr("key", -5);
    assert.ok(Object.is(await client.incr("key", 5), 0));
    assert.equal(await client.get("key"), "0");
  });

  it("incr accepts a counter that was stored as text", async ({ client }) => {
    await client.set("key", "41");
    assert.equal(await client.incr("key"), 42);
  });

  it("incr accepts a counter that was stored as bytes", async ({ client, bytes }) => {
    await bytes.set("key", Uint8Array.of(0x2d, 0x34, 0x31));
    assert.equal(await client.incr("key"), -40);
  });

  it("other calls see a counter as its text", async ({ client }) => {
    await client.incr("key", 41);
    assert.equal(await client.setNX("key", "1"), false);
    assert.equal(await client.compareAndSwap("key", "41", "7"), true);
    assert.equal(await client.incr("key"), 8);
    assert.equal(await client.getSet("key", "0"), "8");
    assert.equal(await client.incr("key"), 1);
    assert.equal(await client.compareAndDelete("key", "1"), true);
  });

  it("mGet reads counters", async ({ client }) => {
    await Promise.all([client.incr("a", 1), client.incr("b", -2)]);
    assert.deepEqual(await client.mGet(["a", "b"]), new Map(Object.entries({ a: "1", b: "-2" })));
  });

  it("counters do not affect each other", async ({ client }) => {
    await client.incr("a", 5);
    await client.incr("b", 7);
    assert.equal(await client.incr("a"), 6);
    assert.equal(await client.incr("b"), 8);
  });

  it("counts exactly up to 2^53−1", async ({ client }) => {
    await client.set("key", String(MAX - 3));
    for (const expected of [MAX - 2, MAX - 1, MAX]) {
      assert.equal(await client.incr("key"), expected);
      assert.equal(await client.get("key"), String(expected));
    }
  });

  it("counts exactly down to −(2^53−1)", async ({ client }) => {
    await client.set("key", String(MIN + 3));
    for (const expected of [MIN + 2, MIN + 1, MIN]) {
      assert.equal(await client.decr("key"), expected);
      assert.equal(await client.get("key"), String(expected));
    }
  });

  it("a delta may be as large as a counter", async ({ client }) => {
    assert.equal(await client.incr("key", MAX), MAX);
    assert.equal(await client.decr("key", MAX), 0);
    assert.equal(await client.decr("key", MAX), MIN);
    assert.equal(await client.incr("key", MAX - 1), -1);
  });

  for (const [name, stored, delta] of [
    ["a sum beyond 2^53−1", String(MAX), 1],
    ["a sum beyond −(2^53−1)", String(MIN), -1],
    ["a sum far beyond 2^53−1", String(MAX), MAX],
    ["a sum far beyond −(2^53−1)", String(MIN), MIN],
    ["a stored 2^53, even for a delta that would lead back", String(2 ** 53), -10],
    ["a stored −2^53, even for a delta that would lead back", String(-(2 ** 53)), 10],
    ["a stored 2^64", "18446744073709551616", 1],
    ["a stored number of forty digits, even for a delta of 0", "1".repeat(40), 0],
  ] as const) {
    it(`${name} is an OverflowError and leaves the value and its TTL`, async ({ client, assertTtl }) => {
      await client.set("key", stored, { ttl: DAY });
      await rejects(() => client.incr("key", delta), OverflowError, "incr", "key");
      await rejects(() => client.decr("key", -delta), OverflowError, "decr", "key");
      assert.equal(await client.get("key"), stored);
      await assertTtl("key", DAY);
    });
  }

  for (const [name, stored] of Object.entries(noCounters)) {
    it(`${name} is a TypeMismatchError and leaves the value and its TTL`, async ({ client, assertTtl }) => {
      await client.set("key", stored, { ttl: DAY });
      await rejects(() => client.incr("key"), TypeMismatchError, "incr", "key");
      await rejects(() => client.decr("key", 0), TypeMismatchError, "decr", "key");
      assert.equal(await client.get("key"), stored);
      await assertTtl("key", DAY);
    });
  }

  it("bytes that are not text are a TypeMismatchError and stay", async ({ client, bytes }) => {
    for (const stored of [Uint8Array.of(1, 0, 0, 0), Uint8Array.of(0xff), Uint8Array.of(0xb2)]) {
      await bytes.set("key", stored);
      await rejects(() => client.incr("key"), TypeMismatchError, "incr", "key");
      assert.deepEqual(await bytes.get("key"), stored);
    }
  });

  it("a counter still works after an overflow", async ({ client }) => {
    await client.set("key", String(MAX));
    await rejects(() => client.incr("key"), OverflowError, "incr", "key");
    assert.equal(await client.decr("key"), MAX - 1);
  });

  it("a delta that is not a safe integer is an InvalidArgumentError and creates nothing", async ({ client }) => {
    for (const delta of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2 ** 53), "1", null]) {
      await rejects(() => client.incr("key", invalid(delta)), InvalidArgumentError, "incr", "key");
      await rejects(() => client.decr("key", invalid(delta)), InvalidArgumentError, "decr", "key");
    }
    assert.equal(await client.exists("key"), false);
  });
}

const MAX = Number.MAX_SAFE_INTEGER;
const MIN = Number.MIN_SAFE_INTEGER;

/** Strings that some parsers read as a number, but that are not canonical decimal integers. */
const noCounters: Readonly<Record<string, string>> = {
  "the empty value": "",
  "a leading space": " 1",
  "a trailing space": "1 ",
  "a trailing newline": "1\n",
  "a trailing NUL": "1\0",
  "a fraction": "1.0",
  "a plus sign": "+1",
  "a leading zero": "01",
  "minus zero": "-0",
  "a lone minus sign": "-",
  "two minus signs": "--1",
  "an exponent": "1e3",
  hexadecimal: "0x10",
  "a separator": "1_000",
  "a BOM": "\ufeff1",
  "digits beyond ASCII": "١٢",
  "a word": "value",
  Infinity: "Infinity",
  "a fraction beyond the safe integers": "9007199254740993.5",
};
