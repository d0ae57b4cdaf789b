import { check, measure } from "./harness.mjs";
import { operations } from "./operations.mjs";
import { figure, version } from "./report.mjs";
import { namestore } from "./subjects/namestore.mjs";

const FULL = { rounds: 25, warmUp: 10, batch: 8 };
const QUICK = { rounds: 11, warmUp: 8, batch: 4 };

/** @typedef {{ operation: import("./operations.mjs").Operation, costs: import("./harness.mjs").Costs }} Result */

/**
 * What single calls cost, as ratios on the same calls on a bare Map.
 *
 * @param {import("./run.mjs").Options} options
 * @returns {Promise<import("./report.mjs").Report>}
 */
export async function calls({ quick, ops, subjects, progress }) {
  /** @type {Result[]} */
  const results = [];
  for (const operation of operations) {
    if (ops !== undefined && !ops.some((part) => operation.title.includes(part))) continue;
    progress(operation.title);
    const having = subjects.filter(({ calls }) => calls[operation.call] !== undefined);
    for (const subject of [operation.limit, ...having]) await check(operation, subject);
    results.push({ operation, costs: await measure(operation, having, quick ? QUICK : FULL) });
  }

  const names = subjects.map(({ name }) => name);
  const versions = subjects.map((subject) => `${subject.name} ${version(subject.package)}`).join(", ");
  /** One figure a subject; a dash where it has no such call. */
  const row = (/** @type {Result} */ { operation, costs }, /** @type {"ns" | "ratio"} */ what) =>
    [operation.limit, ...subjects].map((subject) => {
      const cost = costs.get(subject);
      return cost === undefined ? "–" : figure(cost[what]);
    });
  return {
    name: "calls",
    title: "One awaited call, beside a bare Map",
    tables: [
      {
        columns: ["CPU time, ratio on the Map's", ...names],
        rows: results.map((result) => [result.operation.title, ...row(result, "ratio").slice(1)]),
        note: `A dash: the library has no such call. ${versions}.`,
      },
      {
        columns: ["CPU time, ns", "Map", ...names],
        rows: results.map((result) => [result.operation.title, ...row(result, "ns")]),
        note: "The Map: a prefixed key and one promise a call, awaited.",
      },
    ],
    bars: [...results.flatMap(ownBar), ...results.flatMap(peersBar)],
    data: results.map(({ operation, costs }) => ({
      operation: operation.title,
      costs: Object.fromEntries([...costs].map(([{ name }, cost]) => [name, cost])),
    })),
  };
}

/** The ratio that namestore is to hold itself. */
function ownBar(/** @type {Result} */ { operation: { title, bar }, costs }) {
  const ratio = costs.get(namestore)?.ratio;
  if (bar === undefined || ratio === undefined) return [];
  return [{ what: title, is: figure(ratio), limit: `≤ ${figure(bar)}`, held: ratio <= bar }];
}

/** That namestore is faster than whoever has the call. */
function peersBar(/** @type {Result} */ { operation, costs }) {
  const ratio = costs.get(namestore)?.ratio;
  const peers = [...costs].filter(([subject]) => subject !== namestore && subject !== operation.limit);
  if (ratio === undefined || peers.length === 0) return [];
  const [fastest, cost] = peers.reduce((best, next) => (next[1].ratio < best[1].ratio ? next : best));
  const limit = `< ${figure(cost.ratio)}, ${fastest.name}`;
  return [{ what: `${operation.title}: the fastest`, is: figure(ratio), limit, held: ratio < cost.ratio }];
}
