/**
 * Times the listing and the clearing of a namespace of 100 keys in a store that holds many others, and sends the
 * medians in milliseconds.
 *
 * Arguments: the subject, how many other keys.
 */
import assert from "node:assert/strict";
import { median } from "./harness.mjs";
import { keyOf, textOf } from "./operations.mjs";
import { named } from "./subjects/index.mjs";

const SMALL = 100;
const others = Number(process.argv[3]);
const subject = named(process.argv[2]);
const calls = /** @type {import("./operations.mjs").Calls} */ (subject.calls);

const [users, tags] = subject.open(["users", "tags"], 2 * others);
await fill(users, others);
await fill(tags, SMALL);

const list = subject.calls.keys && (await timed(listTags));
const clear = subject.calls.clear && (await timed(clearTags));
process.send?.({ list, clear, fault: subject.calls.clear && (await fault()) });

async function fill(/** @type {any} */ store, /** @type {number} */ count) {
  for (let i = 0; i < count; i++) await calls.set(store, keyOf(i), textOf(i));
}

async function listTags() {
  const start = performance.now();
  const keys = await calls.keys(tags);
  const took = performance.now() - start;
  assert.equal(keys.length, SMALL);
  return took;
}

async function clearTags() {
  await fill(tags, SMALL);
  const start = performance.now();
  await calls.clear(tags);
  return performance.now() - start;
}

/** The median of what `once` says, over about two seconds: 3 times at least, 1,000 at most. */
async function timed(/** @type {() => Promise<number>} */ once) {
  const times = [];
  const end = performance.now() + 2_000;
  while (times.length < 3 || (times.length < 1_000 && performance.now() < end)) times.push(await once());
  return median(times);
}

/** What the clear did wrong, if anything. */
async function fault() {
  if ((await calls.find(users, keyOf(0))) !== textOf(0)) return "empties all namespaces";
  if ((await calls.find(tags, keyOf(0))) === textOf(0)) return "clears nothing";
  return undefined;
}
