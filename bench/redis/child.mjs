/**
 * One subject on Redis. It proves that its calls do what their names say, fills itself, sends the names of the calls
 * that it has, and then answers each order with what the batch took.
 *
 * Arguments: the subject, the port of the server.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { keyOf, RESIDENT, TTL, textOf } from "../operations.mjs";
import { operations } from "./operations.mjs";
import { named } from "./subjects.mjs";

/**
 * @typedef {{ operation: import("./operations.mjs").Operation["name"], flight: number, calls: number }} Order
 * @typedef {{ wall: number, cpu: number }} Spent - milliseconds.
 * @typedef {(flight: number, calls: number) => Promise<Spent>} Batch
 */

const [name, port] = process.argv.slice(2);
const subject = await named(name).open(Number(port));
const values = Array.from({ length: RESIDENT }, (_, i) => textOf(i));

await check();
for (let i = 0; i < RESIDENT; i += 500) {
  await Promise.all(Array.from({ length: 500 }, (_, j) => subject.set(keyOf(i + j), textOf(i + j))));
}

const able = operations.filter((operation) => subject[operation.name] !== undefined);
const batches = new Map(able.map((operation) => [operation.name, compile(operation)]));

process.on("message", async (/** @type {Order} */ { operation, flight, calls }) => {
  const batch = /** @type {Batch} */ (batches.get(operation));
  process.send?.(await batch(flight, calls));
});
process.on("disconnect", () => process.exit());
process.send?.([...batches.keys()]);

/** Fails unless the calls do what their names say. Its keys are its own: the raw clients share theirs. */
async function check() {
  const key = `check:${process.pid}`;
  await subject.set(key, "value");
  assert.equal(await subject.find(key), "value");
  if (subject.setTTL !== undefined) {
    await subject.setTTL(key, "another", 1_000);
    assert.equal(await subject.find(key), "another");
    await sleep(1_100);
    assert.equal((await subject.find(key)) ?? undefined, undefined);
  }
  if (subject.incr !== undefined) {
    assert.equal(await subject.incr(`${key}:count`), 1);
    assert.equal(await subject.incr(`${key}:count`), 2);
  }
}

/**
 * The loop of a batch, compiled for this operation alone: one loop for all would see the calls of all, and the engine
 * would no longer inline any of them. So many loops are under way at once, each awaiting its call.
 *
 * @returns {Batch}
 */
function compile(/** @type {import("./operations.mjs").Operation} */ { title, step }) {
  const scope = { subject, values, TTL };
  const source = `
    // ${title}
    let i = -1;
    return async (flight, calls) => {
      let left = calls;
      const loop = async () => {
        while (left-- > 0) {
          i = i + 1 === ${RESIDENT} ? 0 : i + 1;
          await ${step};
        }
      };
      const before = process.cpuUsage();
      const start = performance.now();
      await Promise.all(Array.from({ length: flight }, loop));
      const wall = performance.now() - start;
      const { user, system } = process.cpuUsage(before);
      return { wall, cpu: (user + system) / 1_000 };
    };`;
  return new Function(...Object.keys(scope), source)(...Object.values(scope));
}
