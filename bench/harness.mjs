import { setImmediate } from "node:timers/promises";
import { keyOf, RESIDENT, textOf } from "./operations.mjs";

/**
 * @typedef {import("./operations.mjs").Operation} Operation
 * @typedef {import("./subjects/subject.mjs").Subject} Subject
 */

/**
 * How long to measure.
 *
 * @typedef {object} Effort
 * @property {number} rounds - batches a subject, of which the median counts.
 * @property {number} warmUp - rounds before them, thrown away.
 * @property {number} batch - milliseconds of CPU a batch at least.
 */

/**
 * What a call costs, for each subject: nanoseconds of CPU, and the ratio on the limit. The ratio is the median of those
 * within a round, so that a spell of a busy machine weighs on both sides of it.
 *
 * @typedef {Map<Subject, { ns: number, ratio: number }>} Costs
 */

/** Fails unless the subject does what the operation says. */
export async function check(/** @type {Operation} */ operation, /** @type {Subject} */ subject) {
  const calls = /** @type {import("./operations.mjs").Calls} */ (subject.calls);
  try {
    await operation.check({ calls, stores: await filled(operation, subject) });
  } catch (error) {
    throw new Error(`${subject.name} does not do what "${operation.title}" is to measure`, { cause: error });
  }
}

/**
 * Measures one operation: rounds in which the limit and every subject run one batch, each round in another order.
 *
 * @param {Operation} operation
 * @param {readonly Subject[]} subjects
 * @param {Effort} effort
 * @returns {Promise<Costs>}
 */
export async function measure(operation, subjects, effort) {
  const runs = [];
  for (const subject of [operation.limit, ...subjects]) {
    runs.push(new Run(operation, subject, await filled(operation, subject)));
  }
  gc?.();
  for (let round = 0; round < effort.warmUp; round++) {
    for (const run of runs) await run.warmUp(effort.batch);
  }
  for (let round = 0; round < effort.rounds; round++) {
    for (let turn = 0; turn < runs.length; turn++) await runs[(round + turn) % runs.length].measure();
  }
  const limits = runs[0].costs;
  return new Map(
    runs.map(({ subject, costs }) => [
      subject,
      { ns: median(costs), ratio: median(costs.map((cost, round) => cost / limits[round])) },
    ]),
  );
}

/** One operation on one subject. */
class Run {
  /** @type {number[]} Nanoseconds of CPU a call, batch by batch. */
  costs = [];
  /** Few at first: a single call may take milliseconds. */
  #calls = 20;

  /**
   * @param {Operation} operation
   * @param {Subject} subject
   * @param {any[]} stores
   */
  constructor(operation, subject, stores) {
    this.operation = operation;
    this.subject = subject;
    this.stores = stores;
    this.batch = compile(operation, subject);
    if (operation.once) this.#calls = RESIDENT;
  }

  /** Runs a batch, and finds how many calls take as long as a batch is to take. */
  async warmUp(/** @type {number} */ milliseconds) {
    const cost = await this.#cost();
    if (!this.operation.once) this.#calls = Math.ceil((milliseconds * 1e6) / cost);
  }

  async measure() {
    this.costs.push(await this.#cost());
  }

  /**
   * Nanoseconds of CPU a call of one batch. The filling, garbage and timers of before are done with outside of it. The
   * collection is one of young objects alone: a full one also drops the hidden classes of which no object lives just
   * then, and all code that was optimised for them with it, which made the libraries up to five times as slow.
   */
  async #cost() {
    if (this.operation.once) this.stores = await filled(this.operation, this.subject);
    await setImmediate();
    gc?.({ type: "minor" });
    const before = process.cpuUsage();
    await this.batch(this.stores, this.#calls);
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1_000) / this.#calls;
  }
}

/** A new store that holds what the operation starts from. */
async function filled(
  /** @type {Operation} */ { namespaces, resident, second },
  /** @type {Subject} */ { open, calls },
) {
  const stores = open(namespaces, 5 * RESIDENT);
  const set = /** @type {import("./operations.mjs").Calls} */ (calls).set;
  for (let i = 0; i < RESIDENT; i++) {
    await set(stores[second === undefined ? i % stores.length : 0], keyOf(i), resident(i));
  }
  for (let i = 0; i < (second ?? 0); i++) await set(stores[1], keyOf(i), resident(i));
  return stores;
}

const keys = Array.from({ length: RESIDENT }, (_, i) => keyOf(i));
const values = Array.from({ length: RESIDENT }, (_, i) => textOf(i));
const expected = Array.from({ length: RESIDENT }, (_, i) => textOf(i));

/** A list of keys, made afresh. */
function keyList(/** @type {number} */ from, /** @type {number} */ count) {
  const list = [];
  for (let i = from; i < from + count; i++) list.push(`user:${i % RESIDENT}`);
  return list;
}

async function compute() {
  return "computed";
}

/**
 * The loop of a batch, compiled for this operation and subject alone: one loop for all would see the calls of all, and
 * the engine would no longer inline any of them.
 *
 * @returns {(stores: any[], calls: number) => Promise<void>}
 */
function compile(/** @type {Operation} */ { title, call, step }, /** @type {Subject} */ { name, calls }) {
  const scope = { keys, values, expected, keyList, compute };
  const source = `
    // ${title}, ${name}
    const call = ${calls[call]};
    let i = -1;
    return async (stores, calls) => {
      const store = stores[0];
      for (let left = calls; left > 0; left--) {
        i = i + 1 === ${RESIDENT} ? 0 : i + 1;
        await ${step};
      }
    };`;
  return new Function(...Object.keys(scope), source)(...Object.values(scope));
}

export function median(/** @type {number[]} */ numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
