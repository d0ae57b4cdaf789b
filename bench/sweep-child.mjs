/**
 * Lets all entries of a swept store expire in one second, and sends the delays of the event loop: of the idle loop
 * and of a busy one beforehand, and during the sweep.
 *
 * Argument: how many entries.
 */
import assert from "node:assert/strict";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, MemoryDriver, text } from "../dist/index.js";
import { keyOf, textOf } from "./operations.mjs";

const IDLE = 3_000;
const SECOND = 1_000;
const entries = Number(process.argv[2]);

// Nobody waits for deadlines here: the clock of the driver stands still, and is then set forward.
let now = Math.ceil(Date.now() / SECOND) * SECOND;
Date.now = () => now;

/**
 * Milliseconds of the longest timer callback: the lesser of its time by the clock, which neighbours make longer, and of
 * its CPU, to which the threads of the compiler and the collector add theirs.
 */
let longest = 0;
const setRealTimeout = globalThis.setTimeout;
globalThis.setTimeout = /** @type {any} */ (
  (/** @type {() => void} */ callback, /** @type {number} */ milliseconds) =>
    setRealTimeout(() => {
      const cpu = process.cpuUsage();
      const start = performance.now();
      callback();
      const took = performance.now() - start;
      const { user, system } = process.cpuUsage(cpu);
      longest = Math.max(longest, Math.min(took, (user + system) / 1_000));
    }, milliseconds)
);

const driver = new MemoryDriver({ sweepInterval: "100ms" });
const store = new Client("app", "users", { driver, codec: text });
for (let i = 0; i < entries; i++) await store.set(keyOf(i), textOf(i), { ttl: 1 + (i % SECOND) });
// V8 may be in the midst of marking what is new, and would go on with it for half a second, in steps of up to 20 ms,
// some of them within the next timer callback, whatever that does.
gc?.();
await sleep(200);

const idle = await delays(() => sleep(IDLE));
const busy = await delays(async () => {
  for (const end = performance.now() + IDLE; performance.now() < end; await sleep(1)) spin();
});
assert.equal(driver.stats().entries, entries);

now += SECOND;
let began = 0;
const sweep = await delays(async () => {
  while (driver.stats().entries === entries) await sleep(1);
  began = performance.now();
  while (driver.stats().entries > 0) await sleep(5);
});
const took = performance.now() - began;
assert.equal(driver.stats().expirations, entries);
process.send?.({ idle, busy, sweep, took });

/** As long as a slice. */
function spin() {
  for (const end = performance.now() + 1; performance.now() < end; );
}

/** What the loop was late by, in milliseconds, while the work went on; and the longest callback. */
async function delays(/** @type {() => Promise<unknown>} */ work) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  longest = 0;
  delay.enable();
  await work();
  delay.disable();
  return { p99: delay.percentile(99) / 1e6, max: delay.max / 1e6, longest };
}
