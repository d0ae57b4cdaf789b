import { inChild } from "./child.mjs";
import { median } from "./harness.mjs";
import { figure } from "./report.mjs";

const ENTRIES = 1_000_000;
const RUNS = 7;

/** Milliseconds that the sweep may hold the loop longer than it is held without. */
const BAR = 5;

/** What may be left of the memory, in ratio to before. */
const LEFT = 1.1;

/** @typedef {{ p99: number, max: number, longest: number }} Delays - milliseconds */
/** @typedef {{ idle: Delays, busy: Delays, sweep: Delays, took: number }} Sweep */

/**
 * What it is like when everything expires at once, and whether the memory comes back.
 *
 * @param {import("./run.mjs").Options} options
 * @returns {Promise<import("./report.mjs").Report>}
 */
export async function sweep({ quick, progress }) {
  const entries = quick ? ENTRIES / 10 : ENTRIES;
  const shown = entries.toLocaleString("en");

  /** @type {Sweep[]} */
  const runs = [];
  for (let run = 0; run < (quick ? 3 : RUNS); run++) {
    progress(`sweep of ${entries}, run ${run + 1}`);
    runs.push(await inChild("./sweep-child.mjs", [entries]));
  }
  /** @type {[string, { before: number, filled: number, emptied: number }][]} */
  const emptied = [];
  for (const [how, what] of [
    ["sweep", "expired"],
    ["clear", "cleared"],
  ]) {
    progress(`${entries} ${what}`);
    emptied.push([what, await inChild("./heap-child.mjs", [how, entries])]);
  }

  const beyond = median(runs.map(({ idle, sweep }) => sweep.max - idle.max));
  return {
    name: "sweep",
    title: `${shown} entries expire in the same second`,
    tables: [
      {
        columns: ["delay of the event loop, ms", "p99", "max", "max, worst run", "longest callback"],
        rows: [
          delayRow(
            "idle",
            runs.map(({ idle }) => idle),
          ),
          delayRow(
            "busy, 1 ms of 2",
            runs.map(({ busy }) => busy),
          ),
          delayRow(
            "sweep",
            runs.map(({ sweep }) => sweep),
          ),
        ],
        note: `monitorEventLoopDelay at 1 ms: a timer on time counts as 1 ms. Medians of ${runs.length} runs; idle is the full store in the same run, with nothing to sweep; busy is the same with a loop that spins, since a process that works is put off by its neighbours more than one that sleeps. A callback counts by the lesser of clock and CPU. The sweep took ${figure(median(runs.map(({ took }) => took)))} ms, in slices.`,
      },
      {
        columns: ["memory, MB", "before", "filled", "after", "ratio on before"],
        rows: emptied.map(([what, { before, filled, emptied }]) => [
          `${shown} ${what}`,
          megabytes(before),
          megabytes(filled),
          megabytes(emptied),
          figure(emptied / before),
        ]),
        note: "The heap and what lies outside of it, after a collection.",
      },
    ],
    bars: [
      {
        what: "the longest delay in a sweep, beyond the idle loop's",
        is: `${figure(beyond)} ms`,
        limit: `≤ ${BAR} ms`,
        held: beyond <= BAR,
      },
      ...emptied.map(([what, { before, emptied }]) => ({
        what: `memory once all have ${what === "cleared" ? "been cleared" : what}`,
        is: figure(emptied / before),
        limit: `≤ ${figure(LEFT)} of before`,
        held: emptied <= LEFT * before,
      })),
    ],
    data: { runs, emptied: Object.fromEntries(emptied) },
  };
}

function delayRow(/** @type {string} */ what, /** @type {Delays[]} */ runs) {
  const max = runs.map(({ max }) => max);
  return [
    what,
    figure(median(runs.map(({ p99 }) => p99))),
    figure(median(max)),
    figure(Math.max(...max)),
    figure(median(runs.map(({ longest }) => longest))),
  ];
}

function megabytes(/** @type {number} */ bytes) {
  return figure(bytes / 2 ** 20);
}
