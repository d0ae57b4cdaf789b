/**
 * Stores many entries in one namespace, finds every one of them again, and sends what that took.
 *
 * Argument: how many.
 */
import assert from "node:assert/strict";
import { Client, text } from "../dist/index.js";
import { keyOf, textOf } from "./operations.mjs";

const entries = Number(process.argv[2]);
const store = new Client("app", "users", { codec: text });

let start = process.cpuUsage();
for (let i = 0; i < entries; i++) await store.set(keyOf(i), textOf(i));
const set = nanoseconds();

start = process.cpuUsage();
for (let i = 0; i < entries; i++) {
  if ((await store.find(keyOf(i))) !== textOf(i)) assert.fail(`entry ${i} was not found again`);
}
const find = nanoseconds();

gc?.();
const gigabytes = process.memoryUsage().heapUsed / 2 ** 30;
assert.ok(await store.exists(keyOf(0))); // Asked once more, so that the collection does not take the store.
process.send?.({ set, find, gigabytes });

/** CPU a call since the start. */
function nanoseconds() {
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1_000) / entries;
}
