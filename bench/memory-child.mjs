/**
 * Fills one store and sends the bytes that it holds an entry.
 *
 * Arguments: the subject, its call, how many entries, over how many namespaces.
 */
import assert from "node:assert/strict";
import { keyOf, TTL, textOf } from "./operations.mjs";
import { subjects } from "./subjects/index.mjs";
import { map } from "./subjects/map.mjs";

/** Under flat keys: a concatenated one would hold its parts too, and make a limit that is easy to keep to. */
const flatMap = {
  ...map,
  calls: { ...map.calls, set: (store, key, value) => store.map.set([store.prefix, key].join(""), value) },
};

const [name, call, entries, namespaces] = process.argv.slice(2);
const subject = [flatMap, ...subjects].find((subject) => subject.name === name);
const { find, [call]: write } = subject.calls;

/** Typed arrays lie outside of the heap, and lru-cache lives on them. */
function held() {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Gives the first namespace, which keeps the store alive, and leaves the handles of the others to the collector. */
async function fill() {
  const names = Array.from({ length: Number(namespaces) }, (_, i) => `users${i}`);
  const stores = subject.open(names, Number(entries));
  for (let i = 0; i < Number(entries); i++) await write(stores[i % stores.length], keyOf(i), textOf(i), TTL);
  return stores[0];
}

const before = held();
const store = await fill();
const bytes = (held() - before) / Number(entries);
assert.equal(await find(store, keyOf(0)), textOf(0));
process.send({ bytes });
