import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { median } from "../harness.mjs";
import { figure, version } from "../report.mjs";
import { FLIGHTS, operations } from "./operations.mjs";
import { startRedis } from "./server.mjs";
import { baseline, namestore, peers, subjects } from "./subjects.mjs";

/** Milliseconds a batch. */
const BATCH = 150;
/** Calls of the first batch: enough for the engine to see what is worth optimising. */
const FIRST = 5_000;
const FULL = { rounds: 15, warmUp: 5 };
const QUICK = { rounds: 7, warmUp: 5 };

/**
 * @typedef {import("./operations.mjs").Operation} Operation
 * @typedef {import("./subjects.mjs").Subject} Subject
 */

/**
 * What one subject does: calls a second, microseconds of CPU a call, and the ratios of both on the baseline. A ratio is
 * the median of those within a round, so that a spell of a busy machine weighs on both sides of it.
 *
 * @typedef {{ rate: number, ratio: number, cpu: number, cpuRatio: number }} Speed
 */

/** @typedef {{ operation: Operation, flight: number, speeds: Map<Subject, Speed> }} Result */

/**
 * How fast single calls are, as ratios on raw node-redis.
 *
 * @param {import("./run.mjs").Options} options
 * @returns {Promise<import("../report.mjs").Report>}
 */
export async function calls({ quick, ops, flights, progress }) {
  const server = await startRedis();
  /** @type {Worker[]} */
  const workers = [];
  /** @type {Result[]} */
  const results = [];
  try {
    progress("starting");
    for (const subject of subjects) workers.push(await Worker.start(subject, server.port));
    for (const operation of operations) {
      if (ops !== undefined && !ops.includes(operation.name)) continue;
      for (const flight of FLIGHTS) {
        if (flights !== undefined && !flights.includes(flight)) continue;
        progress(titleOf({ operation, flight }));
        results.push({ operation, flight, speeds: await measure(operation, flight, workers, quick ? QUICK : FULL) });
      }
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
    server.stop();
  }

  const others = subjects.filter((subject) => subject !== baseline);
  const names = others.map(({ name }) => name);
  const versions = [...new Set(subjects.map((subject) => subject.package))].map((name) => `${name} ${version(name)}`);
  /** The baseline's own figure, and the others' ratios on it; a dash where one has no such call. */
  const row = (
    /** @type {Result} */ result,
    /** @type {"rate" | "cpu"} */ absolute,
    /** @type {"ratio" | "cpuRatio"} */ ratio,
  ) => {
    const own = /** @type {Speed} */ (result.speeds.get(baseline))[absolute];
    const ratios = others.map((subject) => result.speeds.get(subject)?.[ratio]);
    return [titleOf(result), figure(own), ...ratios.map((number) => (number === undefined ? "–" : figure(number)))];
  };
  return {
    name: "redis",
    title: "Calls on Redis, beside raw node-redis with its timers off",
    tables: [
      {
        columns: ["calls a second, ratio on the baseline's", "baseline, a second", ...names],
        rows: results.map((result) => row(result, "rate", "ratio")),
        note: `Above 1 is faster. A dash: the library has no such call. redis-server ${server.version}; ${versions.join(", ")}.`,
      },
      {
        columns: ["CPU time a call, ratio on the baseline's", "baseline, µs", ...names],
        rows: results.map((result) => row(result, "cpu", "cpuRatio")),
        note: "Below 1 is cheaper. That of the client's process alone.",
      },
    ],
    bars: [...results.map(ownBar), ...results.map(peersBar)],
    data: results.map(({ operation, flight, speeds }) => ({
      operation: operation.title,
      flight,
      speeds: Object.fromEntries([...speeds].map(([{ name }, speed]) => [name, speed])),
    })),
  };
}

/**
 * Measures one operation: rounds in which every subject runs one batch, each round in another order.
 *
 * @param {Operation} operation
 * @param {number} flight
 * @param {readonly Worker[]} workers
 * @param {{ rounds: number, warmUp: number }} effort
 */
async function measure(operation, flight, workers, effort) {
  const runs = workers
    .filter(({ calls }) => calls.includes(operation.name))
    .map((worker) => ({
      worker,
      calls: FIRST,
      rates: /** @type {number[]} */ ([]),
      cpus: /** @type {number[]} */ ([]),
    }));
  for (let round = 0; round < effort.warmUp + effort.rounds; round++) {
    for (let turn = 0; turn < runs.length; turn++) {
      const run = runs[(round + turn) % runs.length];
      const { wall, cpu } = await run.worker.batch({ operation: operation.name, flight, calls: run.calls });
      if (round < effort.warmUp) {
        run.calls = Math.max(4 * flight, Math.ceil((run.calls / wall) * BATCH));
      } else {
        run.rates.push((run.calls / wall) * 1_000);
        run.cpus.push((cpu / run.calls) * 1_000);
      }
    }
  }
  const [base] = runs;
  return new Map(
    runs.map(({ worker, rates, cpus }) => [
      worker.subject,
      {
        rate: median(rates),
        ratio: median(rates.map((rate, round) => rate / base.rates[round])),
        cpu: median(cpus),
        cpuRatio: median(cpus.map((cpu, round) => cpu / base.cpus[round])),
      },
    ]),
  );
}

/** One subject, in a process of its own. */
class Worker {
  /** @type {readonly string[]} The names of the operations that it has a call for. */
  calls = [];
  #child;
  #ended;

  /**
   * @param {Subject} subject
   * @param {number} port
   */
  constructor(subject, port) {
    this.subject = subject;
    this.#child = fork(fileURLToPath(new URL("./child.mjs", import.meta.url)), [subject.name, String(port)]);
    this.#ended = once(this.#child, "exit").then(([code]) =>
      Promise.reject(new Error(`${subject.name}: exit ${code}`)),
    );
    this.#ended.catch(() => {});
  }

  static async start(/** @type {Subject} */ subject, /** @type {number} */ port) {
    const worker = new Worker(subject, port);
    worker.calls = await worker.#answer();
    return worker;
  }

  /** @returns {Promise<import("./child.mjs").Spent>} */
  batch(/** @type {import("./child.mjs").Order} */ order) {
    this.#child.send(order);
    return this.#answer();
  }

  /** Resolves once the process has ended: before the server does, or its client would complain. */
  async stop() {
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended.catch(() => {});
  }

  async #answer() {
    const [answer] = await Promise.race([once(this.#child, "message"), this.#ended]);
    return answer;
  }
}

function titleOf(/** @type {{ operation: Operation, flight: number }} */ { operation, flight }) {
  return `${operation.title}, ${flight} in flight`;
}

/** The ratio that namestore is to hold itself. */
function ownBar(/** @type {Result} */ result) {
  const ratio = result.speeds.get(namestore)?.ratio ?? Number.NaN;
  const bar = result.operation.bars[FLIGHTS.indexOf(result.flight)];
  return { what: titleOf(result), is: figure(ratio), limit: `≥ ${figure(bar)}`, held: ratio >= bar };
}

/** That namestore is ahead of whoever has the call, or, where each call waits for its own reply, hardly behind. */
function peersBar(/** @type {Result} */ result) {
  const ratio = result.speeds.get(namestore)?.ratio ?? Number.NaN;
  const [name, best] = peers
    .map(({ name }, at) => /** @type {const} */ ([name, result.speeds.get(peers[at])?.ratio ?? 0]))
    .reduce((best, next) => (next[1] > best[1] ? next : best));
  const alone = result.flight === 1;
  return {
    what: `${titleOf(result)}: beside the others`,
    is: figure(ratio),
    limit: alone ? `≥ ${figure(0.95 * best)}, 95 % of ${name}` : `> ${figure(best)}, ${name}`,
    held: alone ? ratio >= 0.95 * best : ratio > best,
  };
}
