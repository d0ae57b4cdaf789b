/**
 * Fills one store and sends the bytes that it holds an entry.
 *
 * Arguments: the subject, its call (`set` or `setTTL`), how many entries, over how many namespaces.
 */
import assert from "node:assert/strict";
import { keyOf, TTL, textOf } from "./operations.mjs";
import { named } from "./subjects/index.mjs";
import { map } from "./subjects/map.mjs";

/**
 * Under flat keys: a concatenated one would hold its parts too, and make a limit that is easy to keep to.
 *
 * @type {typeof map}
 */
const flatMap = {
  ...map,
  calls: {
    ...map.calls,
    set: async (store, key, value) => void store.map.set([store.prefix, key].join(""), value),
  },
};

const [name, call] = process.argv.slice(2);
const [entries, namespaces] = process.argv.slice(4).map(Number);
const subject = name === "Map" ? flatMap : named(name);
const calls = /** @type {import("./operations.mjs").Calls} */ (subject.calls);

/** Typed arrays lie outside of the heap, and lru-cache lives on them. */
function held() {
  gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Gives the first namespace, which keeps the store alive, and leaves the handles of the others to the collector. */
async function fill() {
  const names = Array.from({ length: namespaces }, (_, i) => `users${i}`);
  const stores = subject.open(names, entries);
  const write = call === "setTTL" ? calls.setTTL : calls.set;
  for (let i = 0; i < entries; i++) await write(stores[i % namespaces], keyOf(i), textOf(i), TTL);
  return stores[0];
}

const before = held();
const store = await fill();
const bytes = (held() - before) / entries;
assert.equal(await calls.find(store, keyOf(0)), textOf(0));
process.send?.({ bytes });
