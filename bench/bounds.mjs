import { check, measure } from "./harness.mjs";
import { operations } from "./operations.mjs";
import { figure, version } from "./report.mjs";
import { lruCache } from "./subjects/lru-cache.mjs";
import { bounded, namestore, swept } from "./subjects/namestore.mjs";

const FULL = { rounds: 25, warmUp: 10, batch: 8 };
const QUICK = { rounds: 11, warmUp: 8, batch: 4 };

/** What a bound may cost a `find`. */
const BAR = 1.3;

/** Zipf's law over so many keys, asked so often. */
const KEYS = 100_000;
const REQUESTS = 1_000_000;
const SIZES = [1_000, 10_000];

/** @typedef {import("./subjects/subject.mjs").Subject} Subject */

/**
 * What the bounds of the memory driver cost a call, and what they keep.
 *
 * @param {import("./run.mjs").Options} options
 * @returns {Promise<import("./report.mjs").Report>}
 */
export async function bounds({ quick, progress }) {
  const subjects = [bounded, swept, lruCache];
  /** @type {{ title: string, costs: Record<string, { ns: number, ratio: number }> }[]} */
  const results = [];
  async function compare(/** @type {string} */ title, /** @type {readonly Subject[]} */ having, suffix = "") {
    progress(`bounded: ${title}${suffix}`);
    const operation = { ...operationOf(title), limit: namestore };
    for (const subject of having) await check(operation, subject);
    const costs = await measure(operation, having, quick ? QUICK : FULL);
    results.push({ title: `${title}${suffix}`, costs: byName(costs) });
  }
  for (const title of ["find, hit", "set", "set with a TTL", "set of a new key"]) await compare(title, subjects);
  await compare("set of a new key", [bounded, lruCache].map(full), ", for which one goes");

  const requests = quick ? REQUESTS / 10 : REQUESTS;
  const hits = [];
  for (const size of SIZES) {
    progress(`bounded: Zipf's law, ${size} entries`);
    hits.push({ size, own: await hitRatio(bounded, size, requests), peer: await hitRatio(lruCache, size, requests) });
  }

  const find = results[0].costs[bounded.name].ratio;
  return {
    name: "bounds",
    title: "The bounded memory driver",
    tables: [
      {
        columns: ["CPU time, ratio on the unbounded", "unbounded", ...subjects.map(({ name }) => name)],
        rows: results.map(({ title, costs }) => [
          title,
          `${figure(costs[namestore.name].ns)} ns`,
          ...subjects.map(({ name }) => (costs[name] === undefined ? "–" : figure(costs[name].ratio))),
        ]),
        note: `10,000 resident entries. Bounded: maxEntries and maxBytes. Swept: sweepInterval alone. lru-cache ${version("lru-cache")}.`,
      },
      {
        columns: ["hit ratio by Zipf's law", bounded.name, lruCache.name],
        rows: hits.map(({ size, own, peer }) => [`${size.toLocaleString("en")} entries`, percent(own), percent(peer)]),
        note: `${requests.toLocaleString("en")} requests for ${KEYS.toLocaleString("en")} keys, the n-th as frequent as 1/n; what is missing is stored.`,
      },
    ],
    bars: [
      { what: "find, hit: bounded", is: figure(find), limit: `≤ ${figure(BAR)} of the unbounded`, held: find <= BAR },
      ...hits.map(({ size, own, peer }) => ({
        what: `hit ratio, ${size.toLocaleString("en")} entries`,
        is: percent(own),
        limit: `${percent(peer)}, lru-cache`,
        held: own === peer,
      })),
    ],
    data: { calls: results, hits },
  };
}

function operationOf(/** @type {string} */ title) {
  const operation = operations.find((operation) => operation.title === title);
  if (operation === undefined) throw new Error(`there is no operation "${title}"`);
  return operation;
}

/**
 * With no more room than what is resident needs: see `open` of a subject.
 *
 * @type {(subject: Subject) => Subject}
 */
function full(subject) {
  return { ...subject, open: (names, capacity) => subject.open(names, capacity / 5) };
}

/** @type {(costs: import("./harness.mjs").Costs) => Record<string, { ns: number, ratio: number }>} */
function byName(costs) {
  return Object.fromEntries([...costs].map(([{ name }, cost]) => [name, cost]));
}

/** How many of the requests it has an answer for, as a share. Everyone is asked for the same. */
async function hitRatio(
  /** @type {Subject} */ { open, calls },
  /** @type {number} */ size,
  /** @type {number} */ requests,
) {
  const { find, set } = /** @type {import("./operations.mjs").Calls} */ (calls);
  const [store] = open(["pages"], size);
  const random = generator();
  let hits = 0;
  for (let n = 0; n < requests; n++) {
    // The inverse of the distribution's sum.
    const key = `page:${Math.floor((KEYS + 1) ** random())}`;
    if ((await find(store, key)) !== undefined) hits++;
    else await set(store, key, key);
  }
  return hits / requests;
}

/** Numbers from 0 to 1, the same at every run. */
function generator() {
  let state = 42;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 1) / 2 ** 32;
  };
}

function percent(/** @type {number} */ share) {
  return `${(100 * share).toFixed(3)} %`;
}
