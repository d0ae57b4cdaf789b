/**
 * Fills a store, empties it again, and sends the bytes it holds before, between and after.
 *
 * Arguments: how it is emptied (`sweep` or `clear`), how many entries.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, MemoryDriver, text } from "../dist/index.js";
import { keyOf, TTL, textOf } from "./operations.mjs";

const how = process.argv[2];
const entries = Number(process.argv[3]);

// Nobody waits for deadlines here: the clock of the driver is set forward.
let ahead = 0;
const realNow = Date.now;
Date.now = () => realNow() + ahead;

const driver = new MemoryDriver({ maxEntries: 2 * entries, sweepInterval: "50ms" });
// Another namespace stays: a driver that is empty lets go of everything at once.
const other = new Client("app", "other", { driver, codec: text });
const store = new Client("app", "users", { driver, codec: text });
await other.set("stays", "here");

// The first time its code is compiled, which counts no more then.
await fillAndEmpty(20_000);
const before = held();
const { filled, emptied } = await fillAndEmpty(entries);
assert.equal(await other.find("stays"), "here");
process.send?.({ before, filled, emptied });

async function fillAndEmpty(/** @type {number} */ count) {
  for (let i = 0; i < count; i++) await store.set(keyOf(i), textOf(i), { ttl: TTL });
  const filled = held();
  if (how === "clear") await store.clear();
  else ahead += TTL;
  while (driver.stats().entries > 1) await sleep(20);
  // What was cleared is unlinked in slices, and goes once that is done.
  for (let tries = 0; tries < 100 && held() > filled / 2; tries++) await sleep(300);
  await sleep(300);
  return { filled, emptied: held() };
}

function held() {
  gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
