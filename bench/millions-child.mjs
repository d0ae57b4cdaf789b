/**
 * Stores many entries in one namespace, finds every one of them again, and sends what that took.
 *
 * Argument: how many.
 */
import assert from "node:assert/strict";
import { keyOf, textOf } from "./operations.mjs";
import { namestore } from "./subjects/namestore.mjs";

const entries = Number(process.argv[2]);
const [store] = namestore.open(["users"], entries);
const set = await nanoseconds(async (i) => store.set(keyOf(i), textOf(i)));
const find = await nanoseconds(async (i) => {
  if ((await store.find(keyOf(i))) !== textOf(i)) assert.fail(`entry ${i} was not found again`);
});
gc();
process.send({ set, find, gigabytes: process.memoryUsage().heapUsed / 2 ** 30 });

/** CPU a call, the making of keys and values included. */
async function nanoseconds(call) {
  const before = process.cpuUsage();
  for (let i = 0; i < entries; i++) await call(i);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / entries;
}
