import { inChild } from "./child.mjs";
import { figure } from "./report.mjs";

const SMALL = 10_000;
const LARGE = 1_000_000;
const MILLIONS = 20_000_000;

/**
 * What a large store costs.
 *
 * @param {import("./run.mjs").Options} options
 * @returns {Promise<import("./report.mjs").Report>}
 */
export async function scale({ quick, progress }) {
  const large = quick ? LARGE / 10 : LARGE;
  const millions = quick ? MILLIONS / 10 : MILLIONS;

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
  progress(`${millions} entries`);
  const { set, find, gigabytes } = await inChild("./millions-child.mjs", [millions], 16_000);

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
        columns: ["one namespace", "entries", "set", "find", "heap"],
        rows: [
          [
            "namestore",
            millions.toLocaleString("en"),
            `${figure(set)} ns`,
            `${figure(find)} ns`,
            `${figure(gigabytes)} GB`,
          ],
        ],
        note: "CPU time a call, the making of key and value included. Every entry was found again.",
      },
    ],
    bars,
    data: { listings, millions: { entries: millions, set, find, gigabytes } },
  };
}

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
