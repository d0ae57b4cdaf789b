import { type CallOptions, type Driver, NO_EXPIRY } from "../../driver/driver.js";
import { type Encoded, sameBytes, toText } from "../../driver/encoded.js";
import { NamestoreError, UnavailableError } from "../../errors.js";
import * as assert from "../assert.js";
import { collect, reasonOf, sameKeys } from "../assertions.js";
import { DAY, HOUR, type Scope } from "../scope.js";
import type { Suite } from "../suite.js";

/** What the driver contract guarantees beyond what a client shows. */
export function seam({ it, timed }: Suite): void {
  it("its name is short and in lower case", async ({ driver }) => {
    assert.match(driver.name, /^[^\sA-Z][^A-Z]{0,39}$/);
  });

  it("it returns booleans and numbers, and not replies of the store", async ({ driver, prefix }) => {
    assert.equal(await driver.setNX(prefix, "key", "1", 0), true);
    assert.equal(await driver.setNX(prefix, "key", "1", 0), false);
    assert.equal(await driver.exists(prefix, "key"), true);
    assert.equal(await driver.expire(prefix, "key", HOUR), true);
    assert.equal(await driver.persist(prefix, "key"), true);
    assert.equal(await driver.compareAndSwap(prefix, "key", "2", "3", 0, true), false);
    assert.equal(await driver.compareAndSwap(prefix, "key", "1", "2", 0, true), true);
    assert.equal(await driver.incr(prefix, "key", -3, 0), -1);
    assert.equal(await driver.compareAndDelete(prefix, "key", "2"), false);
    assert.equal(await driver.compareAndDelete(prefix, "key", "-1"), true);
    assert.equal(await driver.delete(prefix, "key"), false);
    assert.equal(await driver.mDel(prefix, ["key"]), 0);
  });

  it("persist returns true for a key without a TTL, too", async ({ driver, prefix }) => {
    await driver.set(prefix, "key", "1", 0);
    assert.equal(await driver.persist(prefix, "key"), true);
  });

  it("it returns the value that was stored, in either form", async ({ driver, prefix }) => {
    const within = utf8("in a larger buffer").subarray(5, 11);
    for (const value of [
      "text 😀",
      utf8("text 😀"),
      "",
      Uint8Array.of(),
      Uint8Array.of(0xff, 0),
      "\ufefftext",
      within,
    ]) {
      await driver.set(prefix, "key", value, 0);
      assertValue(await driver.get(prefix, "key"), value);
      assertValue((await driver.mGet(prefix, ["key"]))[0], value);
      assertValue(await driver.getSet(prefix, "key", value, 0, true), value);
    }
  });

  it("mGet returns values by position, in a list as long as the keys", async ({ driver, prefix }) => {
    await driver.mSet(
      prefix,
      [
        ["b", "2"],
        ["d", utf8("4")],
      ],
      0,
    );
    const found = await driver.mGet(prefix, ["a", "b", "c", "d", "e"]);
    assert.deepEqual(
      found.map((value) => value && toText(value)),
      [undefined, "2", undefined, "4", undefined],
    );
  });

  it("it compares bytes, whichever form either value is in", async ({ driver, prefix }) => {
    for (const stored of ["naïve", utf8("naïve")]) {
      for (const old of ["naïve", utf8("naïve")]) {
        await driver.set(prefix, "key", stored, 0);
        assert.equal(await driver.compareAndSwap(prefix, "key", old, stored, 0, true), true);
        assert.equal(await driver.compareAndDelete(prefix, "key", old), true);
      }
    }
  });

  it("it counts in either form", async ({ driver, prefix }) => {
    for (const stored of ["41", utf8("41")]) {
      await driver.set(prefix, "key", stored, 0);
      assert.equal(await driver.incr(prefix, "key", 1, 0), 42);
      assertValue(await driver.get(prefix, "key"), "42");
    }
  });

  it("getSet and compareAndSwap keep the TTL if keep is true, and replace it otherwise", async ({
    driver,
    prefix,
    assertTtl,
  }) => {
    const calls = [
      (ttl: number, keep: boolean) => driver.getSet(prefix, "key", "1", ttl, keep),
      (ttl: number, keep: boolean) => driver.compareAndSwap(prefix, "key", "1", "1", ttl, keep),
    ];
    for (const call of calls) {
      for (const [ttl, keep, expected] of [
        [HOUR, true, DAY],
        [0, true, DAY],
        [HOUR, false, HOUR],
        [0, false, NO_EXPIRY],
      ] as const) {
        await driver.set(prefix, "key", "1", DAY);
        await call(ttl, keep);
        await assertTtl("key", expected);
      }
    }
  });

  it("it never writes into bytes that were passed in", async ({ driver, prefix }) => {
    const passed = utf8("41");
    await driver.set(prefix, "key", passed, 0);
    await driver.incr(prefix, "key", 1, 0);
    await driver.getSet(prefix, "key", passed, 0, true);
    await driver.compareAndSwap(prefix, "key", passed, passed, 0, true);
    await driver.incr(prefix, "key", -1, 0);
    await driver.mSet(prefix, [["key", passed]], 0);
    await driver.incr(prefix, "key", 58, 0);
    await driver.setNX(prefix, "other", passed, 0);
    await driver.incr(prefix, "other", 1, 0);
    await driver.compareAndDelete(prefix, "other", passed);
    assert.deepEqual(passed, utf8("41"));
  });

  it("it never writes into bytes that it returned", async ({ driver, prefix }) => {
    await driver.set(prefix, "key", utf8("41"), 0);
    const returned = [await driver.get(prefix, "key"), ...(await driver.mGet(prefix, ["key"]))];
    await driver.incr(prefix, "key", 1, 0);
    returned.push(await driver.getSet(prefix, "key", utf8("43"), 0, true));
    await driver.incr(prefix, "key", 1, 0);
    await driver.set(prefix, "key", utf8("77"), 0);
    await driver.delete(prefix, "key");
    assert.deepEqual(
      returned.map((value) => value && toText(value)),
      ["41", "41", "42"],
    );
  });

  it("it never changes a list that was passed in", async ({ driver, prefix }) => {
    const keys = Object.freeze(["c", "a", "b"]);
    const entries = Object.freeze(keys.map((key) => Object.freeze([key, "1"] as const)));
    await driver.mSet(prefix, entries, 0);
    assert.equal((await driver.mGet(prefix, keys)).length, 3);
    assert.equal(await driver.mDel(prefix, keys), 3);
  });

  it("every method accepts a signal that does not fire", async ({ driver, prefix }) => {
    const { signal } = new AbortController();
    for (const call of everyCall(driver, prefix, { signal })) await call();
    assertValue(await driver.get(prefix, "key"), "4");
  });

  it(
    "scan yields batches of business keys",
    async ({ driver, prefix }) => {
      await driver.mSet(
        prefix,
        [
          ["a", "1"],
          ["b:c", "2"],
          ["😀", "3"],
        ],
        0,
      );
      const batches = await collect(driver.scan(prefix, everything));
      assert.ok(batches.every((batch) => Array.isArray(batch)));
      sameKeys(batches.flat().filter(everything.matches), ["a", "b:c", "😀"]);
    },
    "scan",
  );

  it(
    "scan leaves out no key that starts with the pattern's prefix",
    async ({ driver, prefix }) => {
      for (const hint of ["user:", "*", "[a]", "\\", "a?", "{", "😀"]) {
        const keys = [hint, `${hint}1`, `${hint}*`];
        await driver.mSet(
          prefix,
          [...keys, "other"].map((key) => [key, "1"] as const),
          0,
        );
        const pattern: Pattern = { source: "", prefix: hint, matches: (key) => key.startsWith(hint) };
        const listed = (await collect(driver.scan(prefix, pattern))).flat();
        sameKeys(listed.filter(pattern.matches), keys);
        await driver.mDel(prefix, [...keys, "other"]);
      }
    },
    "scan",
  );

  it("its errors are namestore's own, and name no operation and no key", async ({ driver, prefix }) => {
    await driver.mSet(
      prefix,
      [
        ["text", "value"],
        ["largest", String(Number.MAX_SAFE_INTEGER)],
      ],
      0,
    );
    for (const [key, code] of [
      ["text", "ERR_TYPE_MISMATCH"],
      ["largest", "ERR_OVERFLOW"],
    ] as const) {
      const error = await reasonOf((async () => driver.incr(prefix, key, 1, 0))());
      assert.ok(error instanceof NamestoreError);
      assert.deepEqual([error.code, error.operation, error.key], [code, undefined, undefined]);
    }
  });

  it("a prefix that was never used is empty", async ({ driver, root }) => {
    const prefix = `${root}:never seen:`;
    assert.equal(await driver.get(prefix, "key"), undefined);
    assert.equal(await driver.incr(prefix, "key", 1, 0), 1);
  });

  timed("incr over an expired key starts at 0, whichever form was stored", async ({ driver, prefix, expired }) => {
    const key = await expired("41");
    assert.equal(await driver.incr(prefix, key, 1, 0), 1);
    assertValue(await driver.getSet(prefix, key, utf8("2"), 0, true), "1");
  });

  it("close can be called again", async ({ another }) => {
    await closed(another);
  });

  it("a call after close is an UnavailableError, not applied", async ({ another, prefix }) => {
    const driver = await closed(another);
    // A driver without close works as before.
    if (driver.close === undefined) return;
    for (const call of everyCall(driver, prefix)) {
      const error = await reasonOf(call());
      assert.ok(error instanceof UnavailableError, `expected UnavailableError; got ${error}`);
      assert.equal(error.outcome, "not-applied");
    }
  });
}

type Pattern = Parameters<Driver["scan"]>[1];

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const everything: Pattern = { source: "*", prefix: "", matches: () => true };

/** Asserts that the driver returned this value, in either form. */
function assertValue(actual: Encoded | undefined, expected: Encoded): void {
  assert.ok(
    typeof actual === "string" || actual instanceof Uint8Array,
    `expected a string or a Uint8Array; it returned ${typeof actual}`,
  );
  assert.ok(sameBytes(actual, expected), "it returned another value than expected");
}

/** A call of every method. In this order, on an empty namespace, they leave "4" under "key". */
function everyCall(driver: Driver, prefix: string, options?: CallOptions): readonly (() => Promise<unknown>)[] {
  return [
    async () => driver.clear(prefix, options),
    async () => driver.set(prefix, "key", "1", 0, options),
    async () => driver.setNX(prefix, "key", "1", 0, options),
    async () => driver.get(prefix, "key", options),
    async () => driver.mGet(prefix, ["key"], options),
    async () => driver.exists(prefix, "key", options),
    async () => driver.expire(prefix, "key", HOUR, options),
    async () => driver.ttl(prefix, "key", options),
    async () => driver.persist(prefix, "key", options),
    async () => driver.incr(prefix, "key", 1, 0, options),
    async () => driver.getSet(prefix, "key", "3", 0, true, options),
    async () => driver.compareAndDelete(prefix, "key", "3", options),
    async () => driver.delete(prefix, "key", options),
    async () => driver.mDel(prefix, ["key"], options),
    async () => driver.mSet(prefix, [["key", "3"]], 0, options),
    async () => driver.compareAndSwap(prefix, "key", "3", "4", 0, true, options),
    () => collect(driver.scan(prefix, everything, options)),
    // Not every driver supports the first and the last.
  ].slice(driver.supports?.clear === false ? 1 : 0, driver.supports?.scan === false ? -1 : undefined);
}

/** A driver that was used, and then closed twice. */
async function closed(another: Scope["another"]): Promise<Driver> {
  const driver = await another();
  await driver.exists("ns:cases:", "key");
  await driver.close?.();
  await driver.close?.();
  return driver;
}
