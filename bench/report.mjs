import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus, totalmem } from "node:os";

/**
 * What a section found.
 *
 * @typedef {object} Report
 * @property {string} name - of its files in results/.
 * @property {string} title
 * @property {Table[]} tables
 * @property {Bar[]} bars - the limits that namestore is to hold.
 * @property {unknown} data - all figures, for the JSON file.
 */

/** @typedef {{ columns: string[], rows: string[][], note: string }} Table - the first column is a text, the others are figures */
/** @typedef {{ what: string, is: string, limit: string, held: boolean }} Bar */

/** Where and when it was measured. */
export function machine() {
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, V8 ${process.versions.v8}`,
    `${processors.length} × ${processors[0].model.trim()}, ${memory} GB, ${process.platform} ${process.arch}`,
  ];
}

const require = createRequire(import.meta.url);

/** The version of an installed package, or of namestore itself. */
export function version(/** @type {string} */ name) {
  if (name === "namestore") return require("../package.json").version;
  // Not every package exports its package.json.
  return require("./package-lock.json").packages[`node_modules/${name}`].version;
}

/** The report as text for the terminal. */
export function inTerminal(/** @type {Report} */ { title, tables, bars }) {
  const parts = [title, ...machine(), ""];
  for (const table of tables) parts.push(aligned(table.columns, table.rows), "", table.note, "");
  if (bars.length > 0) parts.push(aligned(BAR_COLUMNS, bars.map(barRow)), "");
  return parts.join("\n");
}

/** Writes results/<name>.md and results/<name>.json. */
export async function save(/** @type {Report} */ { name, title, tables, bars, data }) {
  const folder = new URL("results/", import.meta.url);
  const parts = [`# ${title}`, machine().join("  \n")];
  for (const { columns, rows, note } of tables) parts.push(markdown(columns, rows), note);
  if (bars.length > 0) parts.push("## Bars", markdown(BAR_COLUMNS, bars.map(barRow)));
  await mkdir(folder, { recursive: true });
  await writeFile(new URL(`${name}.md`, folder), `${parts.join("\n\n")}\n`);
  const json = { title, machine: machine(), data, bars };
  await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify(json, null, 2)}\n`);
}

const BAR_COLUMNS = ["bar", "is", "limit", ""];

/** @returns {string[]} */
function barRow(/** @type {Bar} */ { what, is, limit, held }) {
  return [what, is, limit, held ? "held" : "NOT HELD"];
}

function aligned(/** @type {string[]} */ columns, /** @type {string[][]} */ rows) {
  const widths = columns.map((column, at) => Math.max(column.length, ...rows.map((row) => row[at].length)));
  const line = (/** @type {string[]} */ row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join("  ");
  return [line(columns), line(widths.map((width) => "─".repeat(width))), ...rows.map(line)].join("\n");
}

function markdown(/** @type {string[]} */ columns, /** @type {string[][]} */ rows) {
  const line = (/** @type {string[]} */ row) => `| ${row.join(" | ")} |`;
  const rule = columns.map((_, at) => (at === 0 ? "---" : "---:"));
  return [columns, rule, ...rows].map(line).join("\n");
}

/** Three digits or so: 0.65, 13.1, 845, 12,300. */
export function figure(/** @type {number} */ number) {
  if (number < 10) return number.toFixed(2);
  if (number < 100) return number.toFixed(1);
  return Number(number.toPrecision(3)).toLocaleString("en");
}
