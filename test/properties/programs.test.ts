import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { Client } from "../../src/client/client.js";
import { bytes } from "../../src/codec/bytes.js";
import { json } from "../../src/codec/json.js";
import { text } from "../../src/codec/text.js";
import type { Duration } from "../../src/duration.js";
import { NamestoreError } from "../../src/errors.js";
import { NOON } from "../support/clock.js";
import { atOnce, type Call, driverWhere } from "../support/driver.js";
import { matchesByTable } from "../support/glob.js";
import { checkProperty, PROPERTY_TIMEOUT } from "./check-property.js";
import { decode, type Kind, Model, type ModelClient, type Outcome } from "./model.js";

const PROGRAMS = 12_000;

/** Milliseconds for all programs. A fiftieth of them runs in any case. */
const BUDGET = 6_000;

const KEYS = ["k", "k2", "kk", "__proto__", "a:k", "*", "[k]", "é😀", "\n"];
const PATTERNS = ["*", "", "k*", "*k*", "?", "??", "[k*]", "[^k]*", "\\*", "*:*", "\\[k]", "é?", "__*", "none"];
const VALUES: Record<Kind, readonly unknown[]> = {
  text: ["", "x", "0", "41", "-7", "01", " 1", "9007199254740991", "-9007199254740992", "é😀", '"x"', '{"n":1}'],
  bytes: ["", "x", "41", "-0", "é😀", "9007199254740990", "null", "\ufeff1"]
    .map((value) => Uint8Array.from(Buffer.from(value)))
    .concat([Uint8Array.of(0xff, 0xfe), Uint8Array.of(0x31, 0xc3)]),
  json: [null, 0, 41, -7, 9007199254740991, "x", "é😀", true, { n: 1 }, [1, ["2"]]],
};
const DELTAS = [1, -1, 0, 5, 1000, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1];
/** TTLs as a user writes them and in milliseconds; `undefined` is no TTL in the call. */
const TTLS: readonly (readonly [given: Duration | undefined, milliseconds: number | undefined])[] = [
  [undefined, undefined],
  [undefined, undefined],
  [0, 0],
  [1, 1],
  [10, 10],
  [24.5, 25],
  ["15ms", 15],
  ["0.02s", 20],
  ["1h", 3_600_000],
];

const index = (list: readonly unknown[]) => fc.nat(list.length - 1);
const many = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { maxLength: 4 });
const client = fc.nat(5);
const key = fc.oneof({ weight: 3, arbitrary: fc.constant("k") }, { weight: 4, arbitrary: fc.constantFrom(...KEYS) });
const value = fc.nat(11);
const ttl = index(TTLS);

const about = <T extends string>(...types: T[]) => fc.constantFrom(...types);
const STEP = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant("pass" as const), milliseconds: fc.nat(30) }) },
  { weight: 6, arbitrary: fc.record({ type: about("set", "setNX", "getSet"), client, key, value, ttl }) },
  {
    weight: 5,
    arbitrary: fc.record({ type: about("get", "find", "exists", "ttl", "delete", "persist"), client, key }),
  },
  { weight: 2, arbitrary: fc.record({ type: about("mGet", "mDel"), client, keys: many(key) }) },
  { weight: 2, arbitrary: fc.record({ type: about("mSet"), client, entries: many(fc.tuple(key, value)), ttl }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: about("expire"), client, key, milliseconds: fc.integer({ min: 1, max: 40 }) }),
  },
  { weight: 4, arbitrary: fc.record({ type: about("incr", "decr"), client, key, delta: index(DELTAS), ttl }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: about("compareAndSwap", "compareAndDelete"),
      client,
      key,
      current: fc.nat(3),
      value,
      next: value,
      ttl,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: about("getOrSet"), client, key, computed: fc.integer({ min: -2, max: 11 }), ttl }),
  },
  { weight: 2, arbitrary: fc.record({ type: about("keys", "scan"), client, pattern: index(PATTERNS) }) },
  { weight: 1, arbitrary: fc.record({ type: about("clear"), client }) },
);
type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;

/** How a program runs: call by call on a driver that returns values or promises, or with all calls at once. */
const MODE = fc.constantFrom("call by call", "call by call with promises", "all at once");

const FAILURE = new Error("computed nothing");

/** Returns the six clients of a program, each with what the model needs to know of it. */
function clientsOf(respond: (call: Call) => unknown): readonly (readonly [Client<string, unknown>, ModelClient])[] {
  const driver = driverWhere(respond);
  const plain = new Client("app", "a", { driver, codec: text });
  const timed = new Client<string, unknown>("app", "a", { driver, codec: json(), ttl: 20 });
  const all = [
    [plain, "text", 0],
    [plain.withCodec(bytes), "bytes", 0],
    [timed, "json", 20],
    [plain.domain("a*"), "text", 0],
    [new Client("app*", "a", { driver, ttl: "30ms" }), "bytes", 30],
    [timed.domain("a*"), "json", 20],
  ] as const;
  return all.map(([client, kind, ttl]) => [client as Client<string, unknown>, { prefix: client.prefix, kind, ttl }]);
}

async function outcomeOf(call: Promise<unknown>): Promise<Outcome> {
  try {
    return { value: await call };
  } catch (error) {
    return error instanceof NamestoreError ? { code: error.code } : { thrown: error };
  }
}

async function listed(keys: AsyncIterable<string>): Promise<string[]> {
  const list: string[] = [];
  for await (const key of keys) list.push(key);
  return list.sort();
}

/** Makes the call of a step. Returns its promise and the outcome that the model expects. */
function take(step: Exclude<Step, { type: "pass" }>, client: Client<string, unknown>, as: ModelClient, model: Model) {
  const values = VALUES[as.kind];
  const valueAt = (at: number) => values[at % values.length];
  const ttlAt = (at: number) => TTLS[at] as (typeof TTLS)[number];
  switch (step.type) {
    case "set":
    case "setNX":
    case "getSet": {
      const [given, milliseconds] = ttlAt(step.ttl);
      const value = valueAt(step.value);
      return [client[step.type](step.key, value, { ttl: given }), model[step.type](as, step.key, value, milliseconds)];
    }
    case "get":
    case "find":
    case "exists":
    case "ttl":
    case "delete":
    case "persist":
      return [client[step.type](step.key), model[step.type](as, step.key)];
    case "mGet":
    case "mDel":
      return [client[step.type](step.keys), model[step.type](as, step.keys)];
    case "mSet": {
      const [given, milliseconds] = ttlAt(step.ttl);
      const entries = step.entries.map(([key, value]) => [key, valueAt(value)] as const);
      return [client.mSet(entries, { ttl: given }), model.mSet(as, entries, milliseconds)];
    }
    case "expire":
      return [client.expire(step.key, step.milliseconds), model.expire(as, step.key, step.milliseconds)];
    case "incr":
    case "decr": {
      const [given, milliseconds] = ttlAt(step.ttl);
      const delta = DELTAS[step.delta] as number;
      const sum = step.type === "incr" ? delta : -delta;
      return [client[step.type](step.key, delta, { ttl: given }), model.incr(as, step.key, sum, milliseconds)];
    }
    case "compareAndSwap":
    case "compareAndDelete": {
      const stored = model.bytes(as, step.key);
      const current = step.current > 0 && stored !== undefined ? decode(as.kind, stored) : undefined;
      const oldValue = current === undefined ? valueAt(step.value) : current.value;
      if (step.type === "compareAndDelete") {
        return [client.compareAndDelete(step.key, oldValue), model.compareAndDelete(as, step.key, oldValue)];
      }
      const [given, milliseconds] = ttlAt(step.ttl);
      const next = valueAt(step.next);
      return [
        client.compareAndSwap(step.key, oldValue, next, { ttl: given }),
        model.compareAndSwap(as, step.key, oldValue, next, milliseconds),
      ];
    }
    case "getOrSet": {
      const [given, milliseconds] = ttlAt(step.ttl);
      const computed = step.computed === -2 ? FAILURE : step.computed === -1 ? undefined : valueAt(step.computed);
      const compute = () => (computed === FAILURE ? Promise.reject(computed) : computed);
      return [client.getOrSet(step.key, compute, { ttl: given }), model.getOrSet(as, step.key, computed, milliseconds)];
    }
    case "keys":
    case "scan": {
      const pattern = PATTERNS[step.pattern] as string;
      const keys =
        step.type === "keys" ? client.keys(pattern).then((list) => list.sort()) : listed(client.scan(pattern));
      return [keys, model.keys(as, (key) => matchesByTable(pattern, key))];
    }
    case "clear":
      return [client.clear(), model.clear(as)];
    default:
      throw new Error(`no such step: ${JSON.stringify(step satisfies never)}`);
  }
}

/** These take several microtasks, during which nothing else may happen. */
const SLOW: ReadonlySet<string> = new Set(["getOrSet", "keys", "scan"]);

async function run(steps: readonly Step[], mode: string): Promise<void> {
  vi.setSystemTime(NOON);
  const clients = clientsOf(mode === "call by call with promises" ? withPromises : atOnce);
  const model = new Model(NOON);
  const open: Promise<void>[] = [];
  for (const [at, step] of steps.entries()) {
    if (step.type === "pass") {
      model.now += step.milliseconds;
      vi.setSystemTime(model.now);
      continue;
    }
    const [client, as] = clients[step.client] as (typeof clients)[number];
    const [call, expected] = take(step, client, as, model) as [Promise<unknown>, Outcome];
    const checked = outcomeOf(call).then((outcome) => same(`step ${at}, ${step.type}`, outcome, expected));
    if (mode !== "all at once" || SLOW.has(step.type)) await checked;
    else open.push(checked);
  }
  await Promise.all(open);
  await compareAll(clients, model);
}

/** Compares everything that is stored, to the byte and to the millisecond. */
async function compareAll(clients: ReturnType<typeof clientsOf>, model: Model): Promise<void> {
  for (const [client, as] of clients) {
    const raw = client.withCodec(bytes);
    const asBytes = { ...as, kind: "bytes" } as const;
    same(
      "the keys",
      { value: (await raw.keys()).sort() },
      model.keys(as, () => true),
    );
    for (const key of KEYS) {
      same("a value", await outcomeOf(raw.get(key)), model.get(asBytes, key));
      same("a TTL", await outcomeOf(raw.ttl(key)), model.ttl(as, key));
    }
  }
}

function withPromises(call: Call): unknown {
  return call.method === "scan" ? call.pass() : Promise.resolve().then(() => call.pass());
}

function same(what: string, actual: Outcome, expected: Outcome): void {
  if (isDeepStrictEqual(actual, expected)) return;
  expect(actual, what).toEqual(expected);
  throw new Error(`${what}: not deeply equal`);
}

let programs = 0;
const { SEED } = process.env;
const seed = Number(SEED ?? Math.floor(Math.random() * 2 ** 31));

beforeAll(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOON });
});
afterAll(() => {
  vi.useRealTimers();
  console.info(`random programs: ${programs}, SEED=${seed}`);
});

it(
  "the clients of one store behave like a plain model, whatever the program",
  async () => {
    await checkProperty(
      fc.asyncProperty(fc.array(STEP, { maxLength: 40, size: "max" }), MODE, async (steps, mode) => {
        programs++;
        await run(steps, mode);
      }),
      { runs: PROGRAMS, budget: BUDGET, seed },
    );
  },
  PROPERTY_TIMEOUT,
);
