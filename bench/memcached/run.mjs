/**
 * `npm run bench:memcached`: namestore on its Memcached driver, beside the other clients, on one `memcached` of this
 * machine.
 *
 *   node bench/memcached/run.mjs [--quick] [--only calls|listing]
 *
 * How to read it:
 *
 * - **Calls** keep 1, 50 or 500 under way, each loop awaiting its call before it makes the next. Rounds are interleaved
 *   and their order turns; a bar's ratio is the median of those within a round. Above 1 namestore is the faster.
 * - **Calls a second** is by the clock on the wall; **CPU** is what this process spends a call, the server's left out,
 *   which other work on the machine does not move.
 * - **Listing**: the keys of one namespace of 10,000 among 1,000,000, all of the million, and `clear`.
 */
import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { Client, text } from "../../dist/index.js";
import { MemcachedDriver } from "../../dist/memcached.js";
import { figure, inTerminal, save } from "../report.mjs";
import { startMemcached } from "./server.mjs";
import { subjects } from "./subjects.mjs";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false }, only: { type: "string" } } });

const RESIDENT = 10_000;
const FLIGHTS = [1, 50, 500];
const ROUNDS = values.quick ? 5 : 15;
/** Milliseconds a batch at least. */
const BATCH = values.quick ? 60 : 150;

const keyOf = (/** @type {number} */ i) => `user:${i % RESIDENT}`;
const textOf = (/** @type {number} */ i) => `value-${String(i % RESIDENT).padStart(9, "0")}`;
const keys = Array.from({ length: RESIDENT }, (_, i) => keyOf(i));
const texts = Array.from({ length: RESIDENT }, (_, i) => textOf(i));

/** @typedef {import("./subjects.mjs").Subject} Subject */
/** @typedef {"find" | "set"} Operation */

const server = await startMemcached();
try {
  if (values.only !== "listing") await calls();
  if (values.only !== "calls") await listing();
} finally {
  server.stop();
}

async function calls() {
  const opened = await Promise.all(subjects.map((subject) => subject.open(server.port)));
  const rows = [];
  const bars = [];
  const data = [];
  for (const operation of /** @type {const} */ (["find", "set"])) {
    for (const flight of FLIGHTS) {
      const runs = await measure(operation, flight, opened);
      const own = runs[0];
      const others = runs.slice(1);
      rows.push([
        `${operation}, ${flight} in flight`,
        ...runs.map(({ rate }) => Math.round(rate).toLocaleString("en")),
      ]);
      rows.push(["  CPU a call, µs", ...runs.map(({ cpu }) => figure(cpu))]);
      data.push({ operation, flight, runs });
      const rate = Math.min(...others.map((other) => median(own.rates.map((each, at) => each / other.rates[at]))));
      const cpu = Math.min(...others.map((other) => median(own.cpus.map((each, at) => other.cpus[at] / each))));
      for (const [what, is] of /** @type {const} */ ([
        ["calls a second", rate],
        ["CPU", cpu],
      ])) {
        const limit = "≥ 1.00 of the fastest of the others";
        bars.push({ what: `${operation}, ${flight}: ${what}`, is: figure(is), limit, held: is >= 1 });
      }
    }
  }
  const report = {
    name: "memcached",
    title: "Calls a second on Memcached",
    tables: [{ columns: ["", ...subjects.map(({ name }) => name)], rows, note: "CPU: of this process, per call." }],
    bars,
    data,
  };
  console.log(inTerminal(report));
  if (!values.quick) await save(report);
  for (const { close } of opened) await close();
}

/** The loop of a subject, compiled for it alone: one for all would see the calls of all, and inline none. */
function compile(/** @type {Subject} */ subject, /** @type {Operation} */ operation) {
  const source = `
    // ${operation}, ${subject.name}
    let next = 0;
    return async (store, count, flight) => {
      let left = count;
      const lane = async () => {
        while (left-- > 0) {
          const at = next = next + 1 === ${RESIDENT} ? 0 : next + 1;
          const key = keys[at], value = texts[at];
          await ${subject[operation]};
        }
      };
      await Promise.all(Array.from({ length: flight }, lane));
    };`;
  return new Function("keys", "texts", source)(keys, texts);
}

/**
 * @param {Operation} operation
 * @param {number} flight
 * @param {readonly { store: any }[]} opened
 */
async function measure(operation, flight, opened) {
  const runs = opened.map(({ store }, at) => ({
    store,
    subject: subjects[at],
    batch: compile(subjects[at], operation),
    calls: 200,
    rates: /** @type {number[]} */ ([]),
    cpus: /** @type {number[]} */ ([]),
  }));
  for (const { store, subject } of runs) {
    await compile(subject, "set")(store, RESIDENT, 50);
    const find = new Function("store", "key", `return ${subject.find}`);
    assert.equal(String(await find(store, keyOf(7))), textOf(7), subject.name);
  }
  for (let round = 0; round < ROUNDS + 2; round++) {
    for (let turn = 0; turn < runs.length; turn++) {
      const run = runs[(round + turn) % runs.length];
      const before = process.cpuUsage();
      const start = performance.now();
      await run.batch(run.store, run.calls, flight);
      const spent = performance.now() - start;
      const { user, system } = process.cpuUsage(before);
      if (round < 2) {
        run.calls = Math.max(flight * 4, Math.ceil((run.calls / spent) * BATCH));
      } else {
        run.rates.push((run.calls / spent) * 1_000);
        run.cpus.push((user + system) / run.calls);
      }
    }
  }
  return runs.map(({ rates, cpus }) => ({ rate: median(rates), cpu: median(cpus), rates, cpus }));
}

function median(/** @type {number[]} */ numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

async function listing() {
  const driver = await MemcachedDriver.connect({ servers: `127.0.0.1:${server.port}`, timeout: "60s" });
  const users = new Client("app", "listed", { driver, codec: text });
  const others = new Client("app", "others", { driver, codec: text });
  await fill(others, 990_000);
  const rows = [];
  for (let round = 0; round < 3; round++) {
    await fill(users, 10_000);
    const few = await timed(async () => assert.equal((await users.keys()).length, 10_000));
    const all = await timed(async () => assert.equal((await others.keys()).length, 990_000));
    const clear = await timed(() => users.clear());
    assert.equal(await users.exists("user:1"), false);
    rows.push([`round ${round + 1}`, ...[few, all, clear].map((spent) => `${Math.round(spent)} ms`)]);
  }
  const report = {
    name: "memcached-listing",
    title: "One namespace of 10,000 keys among 1,000,000 on Memcached",
    tables: [
      {
        columns: ["", "its keys", "the 990,000 others", "clear"],
        rows,
        note: "Each is one walk of the server's hash table.",
      },
    ],
    bars: [],
    data: rows,
  };
  console.log(inTerminal(report));
  if (!values.quick) await save(report);
  await driver.close();
}

async function fill(/** @type {Client<string, string>} */ client, /** @type {number} */ count) {
  for (let i = 0; i < count; i += 5_000) {
    await client.mSet(
      Array.from({ length: Math.min(5_000, count - i) }, (_, j) => /** @type {const} */ ([`user:${i + j}`, "x"])),
    );
  }
}

async function timed(/** @type {() => Promise<unknown>} */ run) {
  const start = performance.now();
  await run();
  return performance.now() - start;
}
