/**
 * `npm run bench`: namestore on its memory driver, beside a bare Map and the libraries that do the nearest.
 *
 *   node --expose-gc bench/run.mjs [--only calls|bounds|memory|scale|sweep] [--quick] [--ops part,…] [--subjects name,…]
 *
 *   --only      one section; default, all five
 *   --quick     a first impression: fewer and smaller rounds
 *   --ops       of the calls, those whose title holds one of these parts
 *   --subjects  of the libraries, these
 *
 * How to read it:
 *
 * - **Calls.** 10,000 resident entries, texts of 15 characters, keys made afresh for each call (`"user:" + i`), each
 *   call awaited. The limit is a bare Map: the least that a store with namespaces and promises could cost, namely a
 *   concatenated key, a look-up and one promise. Every other figure is the ratio on that limit, measured in the same
 *   minute, and 1.0 means as fast as the Map. Below 1 is possible: namestore keeps a Map for each namespace and so
 *   never builds the prefixed key. Ratios bear comparing across machines, nanoseconds do not.
 * - Figures are medians of CPU time (garbage collection included) over rounds of batches. In a round every library
 *   has one batch, and each round starts with another library. Every loop is compiled for its library and operation
 *   alone. Before anything is timed, each library must prove that the call does what its name says.
 * - Libraries are as they come, in memory only, each with a namespace in its own way; see the notes in subjects/.
 * - **Bars** are what namestore promises itself. One that is not held is printed as such and fails nothing: this is
 *   a benchmark and no test, and a busy machine is no defect.
 *
 * A whole run writes results/ and chart.svg. A part of one only prints.
 */
import { parseArgs } from "node:util";
import { bounds } from "./bounds.mjs";
import { calls } from "./calls.mjs";
import { chart } from "./chart.mjs";
import { memory } from "./memory.mjs";
import { inTerminal, save } from "./report.mjs";
import { scale } from "./scale.mjs";
import { named, subjects } from "./subjects/index.mjs";
import { sweep } from "./sweep.mjs";

/**
 * @typedef {object} Options
 * @property {boolean} quick
 * @property {string[] | undefined} ops - parts of titles.
 * @property {readonly import("./subjects/subject.mjs").Subject[]} subjects
 * @property {(doing: string) => void} progress
 */

const sections = { calls, bounds, memory, scale, sweep };

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    ops: { type: "string" },
    subjects: { type: "string" },
  },
});
if (values.only !== undefined && !Object.hasOwn(sections, values.only)) {
  throw new Error(`--only takes ${Object.keys(sections).join(", ")}`);
}
if (globalThis.gc === undefined) throw new Error("run it with node --expose-gc: garbage must not count for others");

/** @type {Options} */
const options = {
  quick: values.quick,
  ops: values.ops?.split(","),
  subjects: values.subjects?.split(",").map(named) ?? subjects,
  progress: (doing) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${doing}`),
};
const whole = !options.quick && options.ops === undefined && values.subjects === undefined;

for (const [name, section] of Object.entries(sections)) {
  if (values.only !== undefined && values.only !== name) continue;
  const report = await section(options);
  options.progress("");
  console.log(inTerminal(report));
  if (whole) await save(report);
  if (whole && name === "calls") await chart(report);
}
