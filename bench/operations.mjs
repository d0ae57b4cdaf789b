import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { map, mapOfOneNamespace, mapWithDeadlines } from "./subjects/map.mjs";

/** @typedef {import("./subjects/subject.mjs").Calls<any>} Calls */

/**
 * What is measured.
 *
 * @typedef {object} Operation
 * @property {string} title
 * @property {keyof Calls} call - a subject without it is left out.
 * @property {string} step - one call, as code. In scope are `call`, `stores` (one a namespace), `store` (the first),
 * `i` (0 to RESIDENT - 1, over and over), and what `compile` in harness.mjs hands in.
 * @property {import("./subjects/subject.mjs").Subject} limit - what the ratios are on.
 * @property {readonly string[]} namespaces
 * @property {(i: number) => string} resident - what is under key i at first.
 * @property {number} [second] - so many keys in the second namespace, and RESIDENT in the first. Default: RESIDENT in
 * all, key i in namespace i modulo their number.
 * @property {boolean} [once] - each key bears one call: every batch is RESIDENT calls on a new store.
 * @property {number} [bar] - the ratio that namestore is to hold.
 * @property {(subject: Subjected) => Promise<void>} check - fails unless the call does what it says.
 */

/**
 * @typedef {object} Subjected
 * @property {Calls} calls
 * @property {any[]} stores
 */

export const RESIDENT = 10_000;
export const TTL = 3_600_000;

/** A key as it is kept beforehand: the very text that `"user:" + i` makes. */
export const keyOf = (/** @type {number} */ i) => `user:${i}`;

/** Fifteen characters, as one flat string: a concatenation would be a tree until somebody reads it. */
export const textOf = (/** @type {number} */ i) => ["value", String(i).padStart(10, "0")].join("");

const FRESH_KEY = '"user:" + i';
const EXISTING_KEY = "keys[i]";

const common = { limit: map, namespaces: ["users"], resident: textOf };

/** @type {(step: string) => Operation} */
const find = (step) => ({
  ...common,
  title: "find, hit",
  call: "find",
  step,
  async check({ calls, stores }) {
    assert.equal(await calls.find(stores[0], keyOf(0)), textOf(0));
  },
});

/** @type {Operation} */
const miss = {
  ...common,
  title: "find, miss",
  call: "find",
  step: 'call(store, "none:" + i)',
  async check({ calls, stores }) {
    assert.equal((await calls.find(stores[0], "none:0")) ?? undefined, undefined);
  },
};

/** @type {(step: string) => Operation} */
const set = (step) => ({
  ...common,
  title: "set",
  call: "set",
  step,
  async check({ calls, stores }) {
    await calls.set(stores[0], keyOf(0), "another");
    assert.equal(await calls.find(stores[0], keyOf(0)), "another");
  },
});

/** @type {Operation} */
const setNew = {
  ...common,
  title: "set of a new key",
  call: "set",
  step: 'call(store, "new:" + i, values[i])',
  once: true,
  async check({ calls, stores }) {
    await calls.set(stores[0], "new:0", "another");
    assert.equal(await calls.find(stores[0], "new:0"), "another");
  },
};

/** @type {Operation} */
const incr = {
  ...common,
  title: "incr",
  call: "incr",
  step: `call(store, ${FRESH_KEY})`,
  resident: () => "0",
  async check({ calls, stores }) {
    assert.equal(await calls.incr(stores[0], keyOf(0)), 1);
    assert.equal(await calls.find(stores[0], keyOf(0)), "1");
  },
};

/** @type {Operation} */
const remove = {
  ...common,
  title: "delete",
  call: "delete",
  step: `call(store, ${FRESH_KEY})`,
  once: true,
  async check({ calls, stores }) {
    await calls.delete(stores[0], keyOf(0));
    assert.equal((await calls.find(stores[0], keyOf(0))) ?? undefined, undefined);
  },
};

/** @type {(count: number) => Operation} */
const mGet = (count) => ({
  ...common,
  title: `mGet of ${count}`,
  call: "mGet",
  step: `call(store, keyList(i, ${count}))`,
  async check({ calls, stores }) {
    const asked = Array.from({ length: count }, (_, i) => i);
    const found = await calls.mGet(stores[0], asked.map(keyOf));
    const values = [...(found instanceof Map ? found.values() : found)].map((entry) => entry.value ?? entry);
    assert.deepEqual(values, asked.map(textOf));
  },
});

/** @type {(operation: Operation) => Operation} */
const inTurn = (operation) => ({
  ...operation,
  title: `${operation.title}: three namespaces in turn`,
  step: operation.step.replace("(store,", "(stores[i % 3],"),
  namespaces: ["users", "carts", "sessions"],
});

const hit = { ...find(`call(store, ${FRESH_KEY})`), bar: 0.8 };
const write = { ...set(`call(store, ${FRESH_KEY}, values[i])`), bar: 0.8 };
const barred = [
  hit,
  { ...miss, bar: 0.95 },
  write,
  { ...incr, bar: 1.1 },
  { ...setNew, bar: 1.1 },
  { ...remove, bar: 0.95 },
];

/** @type {readonly Operation[]} */
export const operations = [
  ...barred,
  {
    ...common,
    title: "set with a TTL",
    call: "setTTL",
    step: `call(store, ${FRESH_KEY}, values[i], ${TTL})`,
    limit: mapWithDeadlines,
    async check({ calls, stores }) {
      await calls.setTTL(stores[0], keyOf(0), "another", TTL);
      assert.equal(await calls.find(stores[0], keyOf(0)), "another");
      await calls.setTTL(stores[0], keyOf(0), "another", 20);
      await sleep(50);
      assert.equal((await calls.find(stores[0], keyOf(0))) ?? undefined, undefined);
    },
  },
  {
    ...common,
    title: "setNX of a live key",
    call: "setNX",
    step: `call(store, ${FRESH_KEY}, values[i])`,
    async check({ calls, stores }) {
      assert.equal(await calls.setNX(stores[0], keyOf(0), "another"), false);
      assert.equal(await calls.find(stores[0], keyOf(0)), textOf(0));
    },
  },
  {
    ...common,
    title: "setNX of a new key",
    call: "setNX",
    step: 'call(store, "new:" + i, values[i])',
    once: true,
    async check({ calls, stores }) {
      assert.equal(await calls.setNX(stores[0], "new:0", "another"), true);
      assert.equal(await calls.find(stores[0], "new:0"), "another");
    },
  },
  {
    ...common,
    title: "compareAndSwap",
    call: "compareAndSwap",
    // The old value is an equal text and not the very string that is stored.
    step: `call(store, ${FRESH_KEY}, expected[i], values[i])`,
    async check({ calls, stores }) {
      assert.equal(await calls.compareAndSwap(stores[0], keyOf(0), "another", "new"), false);
      assert.equal(await calls.compareAndSwap(stores[0], keyOf(0), textOf(0), "new"), true);
      assert.equal(await calls.find(stores[0], keyOf(0)), "new");
    },
  },
  {
    ...common,
    title: "getOrSet, hit",
    call: "getOrSet",
    step: `call(store, ${FRESH_KEY}, compute)`,
    async check({ calls, stores }) {
      const compute = async () => "computed";
      assert.equal(await calls.getOrSet(stores[0], keyOf(0), compute), textOf(0));
      assert.equal(await calls.getOrSet(stores[0], "new:0", compute), "computed");
      assert.equal(await calls.find(stores[0], "new:0"), "computed");
    },
  },
  mGet(10),
  mGet(100),
  {
    ...common,
    title: "keys of a namespace of 100",
    call: "keys",
    step: "call(stores[1])",
    limit: mapOfOneNamespace,
    namespaces: ["users", "tags"],
    second: 100,
    async check({ calls, stores }) {
      const expected = Array.from({ length: 100 }, (_, i) => keyOf(i));
      assert.deepEqual((await calls.keys(stores[1])).sort(), expected.sort());
    },
  },
  { ...find(`call(store, ${EXISTING_KEY})`), title: "find, hit: keys that exist already" },
  { ...set(`call(store, ${EXISTING_KEY}, values[i])`), title: "set: keys that exist already" },
  ...barred.map(inTurn),
];
