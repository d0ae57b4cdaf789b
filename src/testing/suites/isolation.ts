import * as assert from "../assert.js";
import { sameKeys } from "../assertions.js";
import type { Scope, Texts } from "../scope.js";
import type { Suite } from "../suite.js";

/** Namespaces and keys that resemble each other share nothing. */
export function isolation({ it }: Suite): void {
  for (const [what, open] of neighbours) {
    it(`${what}: they share no key`, (scope) => shareNothing(...open(scope)));
    it(`${what}: each lists only its own keys`, (scope) => listTheirOwn(...open(scope)), "scan");
    it(`${what}: each clears only its own keys`, (scope) => clearTheirOwn(...open(scope)), "clear");
  }

  for (const [name, [a, b]] of Object.entries(keyPairs)) {
    it(`two similar keys are two entries: ${name}`, async ({ client }) => {
      await client.set(a, "of a");
      assert.equal(await client.exists(b), false);
      await client.set(b, "of b");
      assert.deepEqual(
        await client.mGet([a, b]),
        new Map([
          [a, "of a"],
          [b, "of b"],
        ]),
      );
      assert.equal(await client.delete(a), true);
      assert.equal(await client.get(b), "of b");
    });
  }

  it("a key that looks like a storage key belongs to its own namespace", async ({ texts, root }) => {
    const [a, b] = [texts("a"), texts("b")];
    await a.set(`${root}:b:key`, "of a");
    await a.set("b:key", "of a");
    await b.set("key", "of b");
    assert.equal(await b.get("key"), "of b");
    assert.equal(await b.exists(`${root}:b:key`), false);
    assert.equal(await b.delete("key"), true);
    assert.equal(await a.get(`${root}:b:key`), "of a");
    assert.equal(await a.get("b:key"), "of a");
  });

  it(
    "clear of one domain does not change a hundred others",
    async ({ texts }) => {
      const others = Array.from({ length: 100 }, (_, index) => texts(`other${index}`));
      await Promise.all(others.map((other) => other.set("key", "value")));
      await texts("other").set("key", "value");
      await texts("other").clear();
      assert.ok((await Promise.all(others.map((other) => other.exists("key")))).every((live) => live));
    },
    "clear",
  );
}

/** Two names that a driver could mistake for one, or one of which it could take for a pattern that matches the other. */
const pairs: Readonly<Record<string, readonly [a: string, b: string]>> = {
  "different names": ["users", "carts"],
  "a name and a longer one": ["user", "users"],
  "a star": ["a*", "ab"],
  "a star alone": ["*", "ab"],
  "a question mark": ["a?", "ab"],
  "a class": ["a[bc]", "ab"],
  "a negated class": ["a[^x]", "ab"],
  "an open bracket": ["a[", "ab"],
  "a backslash": ["a\\b", "ab"],
  "a backslash at the end": ["a\\", "a"],
  "an escaped star": ["a\\*", "a*"],
  braces: ["{a}", "a"],
  "the same hash tag": ["{a}b", "{a}c"],
  "upper and lower case": ["A", "a"],
  "a space at the end": ["a ", "a"],
  "a space at the beginning": [" a", "a"],
  "a newline": ["a\n", "a"],
  "a NUL": ["a\0", "a"],
  "a BOM": ["\ufeffa", "a"],
  "two normal forms": ["caf\u00e9", "cafe\u0301"],
  "two emoji": ["\u{1f600}", "\u{1f601}"],
  "a dot": ["a.c", "abc"],
  "a plus sign": ["a+", "aa"],
  "a percent sign": ["a%", "ab"],
  "an underscore": ["a_", "ab"],
  "percent encoding": ["%41", "A"],
  "a slash": ["a/b", "a"],
  "equal numbers": ["1", "01"],
  "Object's own properties": ["__proto__", "constructor"],
};

/** Two business keys of one namespace that a driver could mistake for one. */
const keyPairs: Readonly<Record<string, readonly [a: string, b: string]>> = {
  "a part before the colon": ["a:b", "b"],
  "a part after the colon": ["a:b", "a"],
  "a colon at the end": ["a:", "a"],
  "a colon at the beginning": [":a", "a"],
  "two colons": ["a::b", "a:b"],
  "upper and lower case": ["KEY", "key"],
  "a space at the end": ["key ", "key"],
  "a space at the beginning": [" key", "key"],
  "a newline": ["key\n", "key"],
  "a NUL": ["key\0", "key"],
  "a BOM": ["\ufeffkey", "key"],
  "two normal forms": ["caf\u00e9", "cafe\u0301"],
  "two emoji": ["\u{1f600}", "\u{1f601}"],
  "percent encoding": ["%41", "A"],
  "equal numbers": ["1", "1.0"],
  "a path": ["a/../b", "b"],
  "the same hash tag": ["{a}b", "{a}c"],
  "a last character after a hundred": [`${"k".repeat(100)}a`, `${"k".repeat(100)}b`],
};

/** Two namespaces that must not share anything. */
type Neighbours = readonly [what: string, open: (scope: Scope) => readonly [a: Texts, b: Texts]];

const neighbours: readonly Neighbours[] = [
  ...Object.entries(pairs).flatMap(([name, [a, b]]): Neighbours[] => [
    [`two domains, ${name}`, ({ texts }) => [texts(a), texts(b)]],
    // After the unique part, so that both begin with the same characters.
    [`two root namespaces, ${name}`, ({ texts, root }) => [texts("cases", root + a), texts("cases", root + b)]],
  ]),
  ["swapped names", ({ texts, root }) => [texts(`${root}b`, `${root}a`), texts(`${root}a`, `${root}b`)]],
  ["a different boundary between the names", ({ texts, root }) => [texts("bc", `${root}a`), texts("c", `${root}ab`)]],
  ["one name twice, and once", ({ texts, root }) => [texts(root), texts("cases")]],
];

async function shareNothing(a: Texts, b: Texts): Promise<void> {
  await a.mSet({ key: "a", counter: "1" });
  assert.equal(await b.exists("key"), false);
  assert.equal(await b.setNX("key", "b"), true);
  assert.equal(await b.incr("counter", 10), 10);
  assert.deepEqual(await a.mGet(["key", "counter"]), new Map(Object.entries({ key: "a", counter: "1" })));
  assert.deepEqual(await b.mGet(["key", "counter"]), new Map(Object.entries({ key: "b", counter: "10" })));
  await b.expire("key", "1h");
  await a.persist("key");
  assert.ok((await b.ttl("key")) > 0);
  assert.equal(await a.mDel(["key", "counter"]), 2);
  assert.equal(await b.get("key"), "b");
  await a.delete("key");
  assert.equal(await b.compareAndDelete("key", "b"), true);
}

async function listTheirOwn(a: Texts, b: Texts): Promise<void> {
  await a.mSet({ both: "1", "of a": "1" });
  await b.mSet({ both: "2", "of b": "2" });
  sameKeys(await a.keys(), ["both", "of a"]);
  sameKeys(await b.keys(), ["both", "of b"]);
}

async function clearTheirOwn(a: Texts, b: Texts): Promise<void> {
  for (const [cleared, other] of [
    [a, b],
    [b, a],
  ] as const) {
    await cleared.mSet({ key: "1", more: "2" });
    await other.mSet({ key: "3", "a:b": "4" });
    await cleared.clear();
    assert.deepEqual(await cleared.mGet(["key", "more"]), new Map());
    assert.deepEqual(await other.mGet(["key", "a:b"]), new Map(Object.entries({ key: "3", "a:b": "4" })));
  }
}
