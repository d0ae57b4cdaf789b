import { inChild } from "./child.mjs";
import { figure } from "./report.mjs";

const SMALL = 10_000;
const LARGE = 1_000_000;
/** How many entries in one namespace; one Map holds at most 2^24. */
const COUNTS = [1_000_000, 10_000_000];
const MILLIONS = 20_000_000;
const NAMESPACES = 10_000;
const SIZED = ["namestore", "namestore, bounded", "lru-cache", "Map"];

/**
 * What a large store costs.
 *
 * @param {import("./run.mjs").Options} options
 * @returns {Promise<import("./report.mjs").Report>}
 */
export async function scale({ quick, progress }) {
  const less = quick ? 10 : 1;
  const large = LARGE / less;

  /** @type {{ name: string, small: Timed, large: Timed }[]} */
  const listings = [];
  for (const name of ["namestore", "keyv", "unstorage", "bentocache"]) {
    progress(`${name}, a namespace among ${large} keys`);
    listings.push({
      name,
      small: await inChild("./scale-child.mjs", [name, SMALL]),
      large: await inChild("./scale-child.mjs", [name, large]),
    });
  }

  /** @type {Sized[]} */
  const sizes = [];
  for (const [entries, namespaces, names] of [
    ...COUNTS.map((count) => /** @type {const} */ ([count / less, 1, SIZED])),
    /** @type {const} */ ([MILLIONS / less, 1, ["namestore"]]),
    /** @type {const} */ ([LARGE / less, NAMESPACES / less, SIZED]),
  ]) {
    for (const name of names) {
      progress(`${name}, ${entries} entries in ${namespaces} namespaces`);
      const costs = await inChild("./size-child.mjs", [name, "set", entries, namespaces], 16_000);
      sizes.push({ name, entries, namespaces, ...costs });
    }
  }

  const [own] = listings;
  const bars = [
    ratioBar("listing", own.small.list, own.large.list),
    ratioBar("clearing", own.small.clear, own.large.clear),
  ];
  const amongst = (/** @type {number} */ keys) => `among ${keys.toLocaleString("en")}`;
  return {
    name: "scale",
    title: "A large store",
    tables: [
      {
        columns: ["a namespace of 100 keys", amongst(SMALL), amongst(large), "ratio"],
        rows: listings.flatMap(({ name, small, large }) => [
          ...row(`${name}: listing`, small.list, large.list, undefined),
          ...row(`${name}: clearing`, small.clear, large.clear, large.fault),
        ]),
        note: "Medians of single calls, by the clock.",
      },
      {
        columns: ["", "entries", "namespaces", "find, hit", "set of a new key", "bytes an entry"],
        rows: sizes.map(({ name, entries, namespaces, find, set, bytes }) => [
          name,
          entries.toLocaleString("en"),
          namespaces.toLocaleString("en"),
          `${figure(find)} ns`,
          `${figure(set)} ns`,
          figure(bytes),
        ]),
        note: "CPU time a call, collections and the making of key and value included; namespaces in turn. Every entry was found again, in another order than that of the writes.",
      },
    ],
    bars,
    data: { listings, sizes },
  };
}

/** @typedef {{ name: string, entries: number, namespaces: number, set: number, find: number, bytes: number }} Sized */
/** @typedef {{ list?: number, clear?: number, fault?: string }} Timed - milliseconds */

/** One row, or none where the library has no such call. */
function row(
  /** @type {string} */ what,
  /** @type {number | undefined} */ small,
  /** @type {number | undefined} */ large,
  /** @type {string | undefined} */ fault,
) {
  if (small === undefined || large === undefined) return [];
  return [fault === undefined ? [what, time(small), time(large), figure(large / small)] : [what, fault, fault, "–"]];
}

function ratioBar(/** @type {string} */ what, /** @type {number} */ small = NaN, /** @type {number} */ large = NaN) {
  const ratio = large / small;
  return { what: `${what} a namespace: by its own keys`, is: figure(ratio), limit: "≤ 2", held: ratio <= 2 };
}

function time(/** @type {number} */ milliseconds) {
  return milliseconds < 1 ? `${figure(milliseconds * 1_000)} µs` : `${figure(milliseconds)} ms`;
}
