/**
 * Fills one store, finds every entry again, and sends what that took: nanoseconds of CPU a call, and bytes an entry.
 *
 * Arguments: the subject, its call (`set` or `setTTL`), how many entries, over how many namespaces.
 */
import assert from "node:assert/strict";
import { keyOf, TTL, textOf } from "./operations.mjs";
import { named } from "./subjects/index.mjs";
import { map } from "./subjects/map.mjs";

/** Entries are found in another order than they were made in: the step is a prime, and no count here is a multiple. */
const STEP = 7_919;

const [name, call] = process.argv.slice(2);
const [entries, namespaces] = process.argv.slice(4).map(Number);
const subject = named(name);
const calls = /** @type {import("./operations.mjs").Calls} */ ({
  ...subject.calls,
  ...(subject === map ? { set: setFlat } : {}),
});

/** A concatenated key would hold its parts too, and make a limit that is easy to keep to. */
async function setFlat(/** @type {any} */ store, /** @type {string} */ key, /** @type {string} */ value) {
  store.map.set([store.prefix, key].join(""), value);
}

/** Typed arrays lie outside of the heap, and lru-cache lives on them. */
function held() {
  gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** CPU a call, collections included. */
async function nanoseconds(/** @type {() => Promise<void>} */ work) {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1_000) / entries;
}

const before = held();
const names = Array.from({ length: namespaces }, (_, i) => `users${i}`);
const stores = subject.open(names, entries);
const set = await nanoseconds(async () => {
  const write = call === "setTTL" ? calls.setTTL : calls.set;
  for (let i = 0; i < entries; i++) await write(stores[i % namespaces], keyOf(i), textOf(i), TTL);
});
const find = await nanoseconds(async () => {
  for (let n = 0, i = 0; n < entries; n++, i = (i + STEP) % entries) {
    const value = await calls.find(stores[i % namespaces], keyOf(i));
    if (value !== textOf(i)) assert.fail(`entry ${i} was not found again`);
  }
});
// The first keeps the store alive; the handles of the others are the program's own affair.
stores.length = 1;
names.length = 1;
const bytes = (held() - before) / entries;
assert.equal(await calls.find(stores[0], keyOf(0)), textOf(0));
process.send?.({ set, find, bytes });
