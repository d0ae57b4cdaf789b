import * as assert from "../assert.js";
import { sameKeys } from "../assertions.js";
import type { Texts } from "../scope.js";
import type { Suite } from "../suite.js";

/** Unusual keys, domains and root namespaces. */
export function names({ it }: Suite): void {
  for (const [what, name] of Object.entries(awkward)) {
    it(`works as a key: ${what}`, ({ client }) => works(client, name));
    it(`works as a domain: ${what}`, ({ texts }) => works(texts(name), "key"));
    it(`works as a root namespace: ${what}`, ({ texts, root }) => works(texts("cases", name + root), "key"));
    it(`is listed as a key, and found by its escaped pattern: ${what}`, ({ client }) => lists(client, name), "scan");
    it(`lists its keys as a domain: ${what}`, ({ texts }) => lists(texts(name), "key"), "scan");
  }
}

/** Names that could mislead a store, a protocol or a language. */
const awkward: Readonly<Record<string, string>> = {
  "a star": "*",
  "glob characters": "a*[b]?^",
  "a class": "[a-z]",
  "an open bracket": "[",
  "a backslash": "\\",
  "an escape": "\\*",
  "hash tag braces": "{a}{b}",
  "empty braces": "{}",
  "an open brace": "a{b",
  spaces: "a b  c",
  "a space alone": " ",
  "a newline": "a\nb",
  "carriage return and newline": "get a\r\n",
  "a tab": "a\tb",
  "a NUL": "a\0b",
  "control characters": "\x01\x1b\x7f",
  quotes: `'a' "b" \`c\``,
  "percent signs": "%s %41 100%",
  "dollars and dots": "$1.a..b",
  slashes: "../a//b",
  "a comma and a semicolon": "a,b;c",
  "brackets of every kind": "(a)<b>",
  "a BOM": "\ufeffa",
  emoji: "😀👨‍👩‍👧‍👦",
  "letters of many scripts": "éßжاש中한",
  "a combining mark": "e\u0301",
  "the last code points": "\uffff\u{10ffff}",
  "an object's prototype": "__proto__",
  constructor: "constructor",
  hasOwnProperty: "hasOwnProperty",
  undefined: "undefined",
  "a number": "0",
  "an option of a command": "NX",
};

async function works(client: Texts, key: string): Promise<void> {
  await client.set(key, "1");
  assert.equal(await client.incr(key), 2);
  assert.equal(await client.setNX(key, "3"), false);
  assert.deepEqual(await client.mGet([key, `${key}2`]), new Map([[key, "2"]]));
  await client.mSet([
    [key, "4"],
    [`${key}2`, "5"],
  ]);
  assert.equal(await client.getSet(key, "6"), "4");
  assert.equal(await client.compareAndSwap(key, "6", "7"), true);
  await client.expire(key, "1h");
  assert.ok((await client.ttl(key)) > 0);
  await client.persist(key);
  assert.equal(await client.get(key), "7");
  assert.equal(await client.mDel([`${key}2`]), 1);
  assert.equal(await client.exists(key), true);
  assert.equal(await client.delete(key), true);
  assert.equal(await client.find(key), undefined);
}

async function lists(client: Texts, key: string): Promise<void> {
  await client.mSet([
    [key, "1"],
    [`${key}x`, "2"],
    [`x${key}`, "3"],
    ["other", "4"],
  ]);
  sameKeys(await client.keys(), [key, `${key}x`, `x${key}`, "other"]);
  const literal = Array.from(key, (character) => `\\${character}`).join("");
  assert.deepEqual(await client.keys(literal), [key]);
  sameKeys(await client.keys(`${literal}*`), [key, `${key}x`]);
  sameKeys(await client.keys(`*${literal}`), [key, `x${key}`]);
}
