import { InvalidPatternError } from "../../errors.js";
import * as assert from "../assert.js";
import { collect, rejects, sameKeys } from "../assertions.js";
import type { Suite } from "../suite.js";

/** The patterns of `keys` and `scan`. */
export function patterns({ it }: Suite): void {
  for (const [pattern, found] of table) {
    it(
      `${JSON.stringify(pattern)} finds its keys and no others`,
      async ({ client }) => {
        await client.mSet(keys.map((key) => [key, "value"]));
        sameKeys(await client.keys(pattern), found);
        sameKeys(await collect(client.scan(pattern)), found);
      },
      "scan",
    );
  }

  it(
    "no pattern, an empty pattern and a star list everything",
    async ({ client }) => {
      await client.mSet(keys.map((key) => [key, "value"]));
      for (const pattern of [undefined, "", "*", "***"]) {
        sameKeys(await client.keys(pattern), keys);
        sameKeys(await collect(client.scan(pattern)), keys);
      }
    },
    "scan",
  );

  it(
    "a pattern is matched only against the business key",
    async ({ client, root }) => {
      await client.set("key", "value");
      for (const pattern of [`${root}*`, "*:key", "cases:*", "*:*"]) assert.deepEqual(await client.keys(pattern), []);
    },
    "scan",
  );

  it(
    "a pattern of many stars is matched in reasonable time",
    async ({ client }) => {
      await client.set("a".repeat(100), "value");
      assert.deepEqual(await client.keys(`${"*a".repeat(40)}b`), []);
      assert.deepEqual(await client.keys("*a".repeat(40)), ["a".repeat(100)]);
    },
    "scan",
  );

  for (const pattern of malformed) {
    it(`${JSON.stringify(pattern)} is an InvalidPatternError`, async ({ client }) => {
      await rejects(() => client.keys(pattern), InvalidPatternError, "keys");
      await rejects(() => collect(client.scan(pattern)), InvalidPatternError, "scan");
    });
  }
}

/** Patterns, and the keys of the whole table that each has to find. */
const table: readonly [pattern: string, found: readonly string[]][] = [
  ["a", ["a"]],
  ["ab", ["ab"]],
  ["a*", ["a", "ab", "abc", "a/b", "a-b", "a*", "a^", "a!", "a😀"]],
  ["*b", ["ab", "a/b", "a-b"]],
  ["*b*", ["ab", "abc", "a/b", "a-b"]],
  ["*/*", ["a/b"]],
  ["a**c", ["abc"]],
  ["a*b*c", ["abc"]],
  ["?", ["a", "A", "*", "?", "[", "]", "\\", "!", "^", "-", "\n", "😀", "é"]],
  ["a?", ["ab", "a*", "a^", "a!", "a😀"]],
  ["a?b", ["a/b", "a-b"]],
  ["??", ["ab", "a*", "a^", "a!", "a😀"]],
  ["[ab]", ["a"]],
  ["a[a-c]", ["ab"]],
  ["[A-Z]", ["A"]],
  ["a[b*]", ["ab", "a*"]],
  ["a[^b]", ["a*", "a^", "a!", "a😀"]],
  ["[^a-zA-Z]", ["*", "?", "[", "]", "\\", "!", "^", "-", "\n", "😀", "é"]],
  ["a[!b]", ["ab", "a!"]],
  ["a[-x]b", ["a-b"]],
  ["a[x-]b", ["a-b"]],
  ["a[^-]b", ["a/b"]],
  ["[\\]]", ["]"]],
  ["[[]", ["["]],
  ["a[b\\^]", ["ab", "a^"]],
  ["[\\\\]", ["\\"]],
  ["\\*", ["*"]],
  ["\\?", ["?"]],
  ["\\[", ["["]],
  ["]", ["]"]],
  ["\\\\", ["\\"]],
  ["\\a", ["a"]],
  ["a\\*", ["a*"]],
  ["😀", ["😀"]],
  ["[😀-😂]", ["😀"]],
  ["a[^😀]", ["ab", "a*", "a^", "a!"]],
  ["\n", ["\n"]],
  ["missing", []],
  ["A*", ["A"]],
  ["b*", []],
];

const keys = [...new Set(table.flatMap(([, found]) => found))];

const malformed = ["[a", "[", "[]", "[^]", "[]a]", "a[", "\\", "a\\", "[a\\", "[z-a]", "[a-", "[^", "\ud800"];
