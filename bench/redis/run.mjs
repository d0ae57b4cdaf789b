/**
 * `npm run bench:redis`: namestore on its Redis driver, beside the raw clients and the libraries that do the nearest, on
 * a `redis-server` of this machine.
 *
 *   node bench/redis/run.mjs [--only calls|listing] [--quick] [--ops find,…] [--flights 1,…]
 *
 *   --only     one section; default, both
 *   --quick    a first impression: fewer rounds
 *   --ops      of the calls, these: find, set, setTTL, incr
 *   --flights  with so many calls under way, of 1, 50 and 500
 *
 * How to read it:
 *
 * - **Calls.** 10,000 resident entries, texts of 15 characters, keys made afresh for each call. 1, 50 or 500 loops are
 *   under way, each awaiting its call before it makes the next. The baseline is raw node-redis with its timers off; as
 *   it comes, it makes a timer and an AbortSignal for every command, and is several times as slow.
 * - Each subject lives in a process of its own, so that neither its garbage nor the code that it had optimised weighs
 *   on another, and each of its loops is compiled by itself. All are on one server. In a round every subject has one
 *   batch of about 150 ms, while all others wait, and each round starts with another one. Ratios are medians of those
 *   within a round. Before anything is timed, each subject must prove that its calls do what their names say.
 * - **Wall time** makes the main table and the bars, as calls a second: what a client of a server is there for, the
 *   wait for that server included. Above 1 is faster than the baseline.
 * - **CPU time** of the client's process, user and system, garbage collection included, makes the second table, as time
 *   a call: what is left for the rest of a program. Below 1 is cheaper than the baseline. The two differ: at 1 in flight
 *   most of the time is a wait, and at 500 the server may be what limits the rate.
 * - **Listing.** The keys of one namespace of 10,000 among 1,000,000, and its `clear`, beside a raw SCAN.
 * - **Bars** are what namestore promises itself. One that is not held is printed as such and fails nothing.
 *
 * Client and server need a core each: with fewer, or with others at work on them, figures say little. A whole run
 * writes results/. A part of one only prints.
 */
import { parseArgs } from "node:util";
import { inTerminal, save } from "../report.mjs";
import { calls } from "./calls.mjs";
import { listing } from "./listing.mjs";
import { FLIGHTS, operations } from "./operations.mjs";

/**
 * @typedef {object} Options
 * @property {boolean} quick
 * @property {string[] | undefined} ops
 * @property {number[] | undefined} flights
 * @property {(doing: string) => void} progress
 */

const sections = { calls, listing };

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    ops: { type: "string" },
    flights: { type: "string" },
  },
});

/** @type {Options} */
const options = {
  quick: values.quick,
  ops: values.ops?.split(","),
  flights: values.flights?.split(",").map(Number),
  progress: (doing) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${doing}`),
};
known("only", values.only === undefined ? undefined : [values.only], Object.keys(sections));
known(
  "ops",
  options.ops,
  operations.map(({ name }) => name),
);
known("flights", options.flights, FLIGHTS);
const whole = !options.quick && options.ops === undefined && options.flights === undefined;

for (const [name, section] of Object.entries(sections)) {
  if (values.only !== undefined && values.only !== name) continue;
  const report = await section(options);
  options.progress("");
  console.log(inTerminal(report));
  if (whole) await save(report);
}

/**
 * @template T
 * @param {string} option
 * @param {readonly T[] | undefined} given
 * @param {readonly T[]} all
 */
function known(option, given, all) {
  if (given?.some((one) => !all.includes(one))) throw new Error(`--${option} takes ${all.join(", ")}`);
}
