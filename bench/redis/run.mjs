/**
 * `npm run bench:redis`: namestore on its Redis driver, beside the raw clients and the libraries that do the nearest, on
 * one `redis-server` of this machine.
 *
 *   node bench/redis/run.mjs [--quick] [--only calls|listing]
 *
 * How to read it:
 *
 * - **Calls** keep 1, 50 or 500 under way, each loop awaiting its call before it makes the next. Figures are calls a
 *   second, as the ratio on raw node-redis with its timers off, the hard baseline: above 1 is faster than the raw
 *   client. Rounds are interleaved and their order turns; a ratio is the median of those within a round.
 * - Wall time, and not CPU time as in `npm run bench`: what is waited for is the server.
 * - **Listing**: the keys of one namespace of 10,000 among 1,000,000, and its `clear`, beside a raw SCAN.
 */
import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { createClient } from "redis";
import { Client, text } from "../../dist/index.js";
import { RedisDriver } from "../../dist/redis.js";
import { figure, inTerminal, save } from "../report.mjs";
import { startRedis } from "./server.mjs";
import { baseline, namestore, peers } from "./subjects.mjs";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false }, only: { type: "string" } } });

const RESIDENT = 10_000;
const FLIGHTS = [1, 50, 500];
const ROUNDS = values.quick ? 5 : 15;
/** Milliseconds a batch at least. */
const BATCH = values.quick ? 60 : 150;

const keyOf = (/** @type {number} */ i) => `user:${i % RESIDENT}`;
const textOf = (/** @type {number} */ i) => `value-${String(i % RESIDENT).padStart(9, "0")}`;

/** @typedef {import("./subjects.mjs").Opened} Opened */
/** @typedef {{ title: string, name: "find" | "set" | "setTTL" | "incr", bars: number[], call(opened: any, i: number): Promise<unknown> }} Operation */

/** @type {Operation[]} */
const operations = [
  { title: "find", name: "find", bars: [0.92, 1.4, 1.6], call: (opened, i) => opened.find(keyOf(i)) },
  { title: "set", name: "set", bars: [0.92, 1.2, 1.4], call: (opened, i) => opened.set(keyOf(i), textOf(i)) },
  {
    title: "set with a TTL",
    name: "setTTL",
    bars: [0.85, 0.7, 0.65],
    call: (opened, i) => opened.setTTL(keyOf(i), textOf(i), 3_600_000),
  },
  { title: "incr", name: "incr", bars: [0.8, 0.8, 0.8], call: (opened, i) => opened.incr(`count:${i % RESIDENT}`) },
];

const server = await startRedis();
try {
  if (values.only !== "listing") await calls();
  if (values.only !== "calls") await listing();
} finally {
  server.stop();
}

async function calls() {
  const subjects = [baseline, namestore, ...peers];
  const opened = await Promise.all(subjects.map((subject) => subject.open(server.port)));
  const rows = [];
  const bars = [];
  const data = [];
  for (const operation of operations) {
    for (const [at, flight] of FLIGHTS.entries()) {
      process.stderr.isTTY && process.stderr.write(`\r\x1b[K${operation.title}, ${flight} in flight`);
      const ratios = await measure(operation, flight, opened);
      const own = ratios[1]?.ratio ?? Number.NaN;
      rows.push([`${operation.title}, ${flight} in flight`, ...ratios.map(cell)]);
      data.push({ operation: operation.title, flight, ratios });
      const bar = operation.bars[at];
      bars.push({ what: `${operation.title}, ${flight}`, is: figure(own), limit: `≥ ${bar}`, held: own >= bar });
      const best = Math.max(...ratios.slice(2).map((measured) => measured?.ratio ?? 0));
      const least = flight === 1 ? best * 0.95 : best;
      const limit = `≥ ${figure(least)}, ${flight === 1 ? "95% of the best" : "the best"}`;
      bars.push({
        what: `${operation.title}, ${flight}: beside the others`,
        is: figure(own),
        limit,
        held: own >= least,
      });
    }
  }
  process.stderr.isTTY && process.stderr.write("\r\x1b[K");
  const report = {
    name: "redis",
    title: "Calls a second on Redis, relative to raw node-redis with its timers off",
    tables: [
      {
        columns: ["", ...subjects.map(({ name }) => name)],
        rows,
        note: "The baseline's column: calls a second. All others: the ratio on it; a dash: it has no such call.",
      },
    ],
    bars,
    data,
  };
  console.log(inTerminal(report));
  if (!values.quick) await save(report);
  for (const each of opened) await each.close();

  /** @type {(measured: { rate: number, ratio: number } | undefined, column: number) => string} */
  function cell(measured, column) {
    if (measured === undefined) return "–";
    return column === 0 ? Math.round(measured.rate).toLocaleString("en") : figure(measured.ratio);
  }
}

/**
 * @param {Operation} operation
 * @param {number} flight
 * @param {readonly Opened[]} opened
 */
async function measure(operation, flight, opened) {
  const runs = opened.map((one) => ({
    one,
    able: one[operation.name] !== undefined,
    rates: /** @type {number[]} */ ([]),
    calls: 200,
  }));
  for (const { one, able } of runs) {
    if (!able) continue;
    for (let i = 0; i < RESIDENT; i += 500) {
      await Promise.all(Array.from({ length: 500 }, (_, j) => one.set(keyOf(i + j), textOf(i + j))));
    }
    assert.equal(String(await one.find(keyOf(7))), textOf(7));
  }
  for (let round = 0; round < ROUNDS + 2; round++) {
    for (let turn = 0; turn < runs.length; turn++) {
      const run = runs[(round + turn) % runs.length];
      if (!run.able) continue;
      const spent = await batch(operation, run.one, flight, run.calls);
      if (round < 2) run.calls = Math.max(flight * 4, Math.ceil((run.calls / spent) * BATCH));
      else run.rates.push((run.calls / spent) * 1_000);
    }
  }
  const [base] = runs;
  return runs.map(({ able, rates }) =>
    able ? { rate: median(rates), ratio: median(rates.map((rate, round) => rate / base.rates[round])) } : undefined,
  );
}

/** Milliseconds that so many calls take with so many in flight. */
async function batch(
  /** @type {Operation} */ { call },
  /** @type {Opened} */ one,
  /** @type {number} */ flight,
  /** @type {number} */ count,
) {
  let next = 0;
  const lane = async () => {
    while (next < count) await call(one, next++);
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: flight }, lane));
  return performance.now() - start;
}

function median(/** @type {number[]} */ numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

async function listing() {
  const raw = await createClient({ url: `redis://127.0.0.1:${server.port}` }).connect();
  const driver = await RedisDriver.connect({ url: `redis://127.0.0.1:${server.port}`, timeout: "60s" });
  const users = new Client("app", "listed", { driver, codec: text });
  const others = new Client("app", "others", { driver, codec: text });
  await fill(others, 990_000);
  const rows = [];
  for (let round = 0; round < 3; round++) {
    await fill(users, 10_000);
    const scan = await timed(async () => assert.equal(await rawScan(raw, "app:listed:*"), 10_000));
    const keys = await timed(async () => assert.equal((await users.keys()).length, 10_000));
    const clear = await timed(() => users.clear());
    assert.equal(await users.exists("user:1"), false);
    rows.push([`round ${round + 1}`, ...[scan, keys, clear].map((spent) => `${Math.round(spent)} ms`)]);
  }
  const report = {
    name: "redis-listing",
    title: "One namespace of 10,000 keys among 1,000,000 on Redis",
    tables: [{ columns: ["", "raw SCAN", "keys", "clear"], rows, note: "SCAN with COUNT 1,000 each." }],
    bars: [],
    data: rows,
  };
  console.log(inTerminal(report));
  if (!values.quick) await save(report);
  await driver.close();
  raw.destroy();
}

async function fill(/** @type {Client<string, string>} */ client, /** @type {number} */ count) {
  for (let i = 0; i < count; i += 5_000) {
    await client.mSet(
      Array.from({ length: Math.min(5_000, count - i) }, (_, j) => /** @type {const} */ ([`user:${i + j}`, "x"])),
    );
  }
}

async function rawScan(/** @type {{ scan: Function }} */ raw, /** @type {string} */ pattern) {
  let found = 0;
  let cursor = "0";
  do {
    const reply = await raw.scan(cursor, { MATCH: pattern, COUNT: 1_000 });
    cursor = reply.cursor;
    found += reply.keys.length;
  } while (cursor !== "0");
  return found;
}

async function timed(/** @type {() => Promise<unknown>} */ run) {
  const start = performance.now();
  await run();
  return performance.now() - start;
}
