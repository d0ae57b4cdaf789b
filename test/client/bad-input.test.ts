import { beforeEach, describe, expect, it } from "vitest";
import { Client } from "../../src/client/client.js";
import { json } from "../../src/codec/json.js";
import { text } from "../../src/codec/text.js";
import {
  InvalidArgumentError,
  InvalidKeyError,
  InvalidNamespaceError,
  InvalidPatternError,
  type NamestoreError,
} from "../../src/errors.js";
import { MemoryDriver } from "../../src/memory/memory-driver.js";
import { type Call, driverWhere, later } from "../support/driver.js";
import { everythingIn } from "../support/leaks.js";
import { recordingLogger } from "../support/log.js";
import { rejection } from "../support/promises.js";

/** In every value that is handed in, well formed or not: no error may repeat it. */
const SECRET = "hunter2-sesame";

/** A bad thing, and how a message is to show it: its kind, or, where it is short and no value, itself. */
type Bad = readonly [shown: string, given: unknown];

const NULL: Bad = ["null", null];
const UNDEFINED: Bad = ["undefined", undefined];
const NO_TEXT: readonly Bad[] = [
  NULL,
  UNDEFINED,
  ["a number", 5],
  ["a number", Number.NaN],
  ["a boolean", true],
  ["a bigint", 5n],
  ["a symbol", Symbol(SECRET)],
  ["a function", () => SECRET],
  ["an object", { secret: SECRET }],
  ["an object", new String(SECRET)],
  ["an object", new TextEncoder().encode(SECRET)],
  ["an array", [SECRET]],
];

const KEYS: readonly Bad[] = [
  ...NO_TEXT,
  ['""', ""],
  ['"\\ud800"', "\ud800"],
  ['"\\udc00"', "\udc00"],
  ['"a\\ud83d"', "a\ud83d"],
  ['"\\udc00\\ud800"', "\udc00\ud800"],
  ["characters", "\ud800".padEnd(1000, "x")],
];

const OPTIONS: readonly Bad[] = [
  NULL,
  ["a string", SECRET],
  ["a number", 5],
  ["a boolean", false],
  ["a bigint", 5n],
  ["a symbol", Symbol(SECRET)],
  ["a function", () => SECRET],
  ["an array", [SECRET]],
];

const SIGNALS: readonly Bad[] = [
  NULL,
  ["a string", SECRET],
  ["a number", 5],
  ["a boolean", true],
  ["a function", () => SECRET],
  ["an object", { secret: SECRET }],
  ["an object", new AbortController()],
  ["an object", { aborted: SECRET }],
  ["an object", { aborted: false, reason: SECRET }],
];

const DURATIONS: readonly Bad[] = [
  NULL,
  ["-1", -1],
  ["-0.001", -0.001],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["3155760000001", 3_155_760_000_001],
  ["a boolean", true],
  ["a bigint", 5n],
  ["a symbol", Symbol(SECRET)],
  ["a function", () => SECRET],
  ["an object", { secret: SECRET }],
  ["an object", new Date(0)],
  ["an array", [5]],
  ['""', ""],
  ['"5"', "5"],
  ['"s"', "s"],
  ['"-1s"', "-1s"],
  ['"1 s"', "1 s"],
  ['" 1s"', " 1s"],
  ['"1s "', "1s "],
  ['"1s\\n"', "1s\n"],
  ['"1S"', "1S"],
  ['"1x"', "1x"],
  ['"1sec"', "1sec"],
  ['"1h30m"', "1h30m"],
  ['"1,5s"', "1,5s"],
  ['"0x10s"', "0x10s"],
  ['"NaNs"', "NaNs"],
  ['"Infinitys"', "Infinitys"],
  ['"1e400s"', "1e400s"],
  ['"36526d"', "36526d"],
  ['"1e99ms"', "1e99ms"],
  ['".s"', ".s"],
  ["characters", `${"0".repeat(1000)}1s`],
];

const NO_DURATION: readonly Bad[] = [["0", 0], ["0", -0], ["0", "0s"], ["0", "0.0w"], UNDEFINED];

const DELTAS: readonly Bad[] = [
  NULL,
  ["0.5", 0.5],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["9007199254740992", 2 ** 53],
  ["-9007199254740992", -(2 ** 53)],
  ["1e+300", 1e300],
  ["a string", "1"],
  ["a boolean", true],
  ["a bigint", 1n],
  ["a symbol", Symbol(SECRET)],
  ["a function", () => 1],
  ["an object", { ttl: 5 }],
  ["an array", [1]],
];

const LISTS: readonly Bad[] = [
  NULL,
  UNDEFINED,
  ["a string", SECRET],
  ["a string", ""],
  ["a number", 5],
  ["a boolean", true],
  ["a function", () => [SECRET]],
  ["an object", { secret: SECRET }],
  ["an object", Promise.resolve([SECRET])],
  ["an object", { [Symbol.iterator]: SECRET }],
  ["an object", { [Symbol.iterator]: () => SECRET }],
  ["an object", { [Symbol.asyncIterator]: async function* () {} }],
];

const ENTRIES: readonly Bad[] = [
  NULL,
  UNDEFINED,
  ["a string", SECRET],
  ["a number", 5],
  ["a boolean", true],
  ["a bigint", 5n],
  ["a symbol", Symbol(SECRET)],
  ["a function", () => ({ a: SECRET })],
  ["an object", new Date(0)],
  ["an object", Promise.resolve({ a: SECRET })],
  ["an object", new WeakMap()],
  ["a string", new String(SECRET)],
  ["an object", { [Symbol.iterator]: SECRET }],
  ["an array", [[]]],
  ["an array", [["a"]]],
  ["an array", [["a", SECRET, SECRET]]],
  ["a string", ["ab"]],
  ["null", [null]],
  ["undefined", [undefined]],
  ["an object", [{ 0: "a", 1: SECRET, length: 2 }]],
  ["an object", new Set([{ secret: SECRET }])],
  ["a number", [["a", SECRET], 5]],
];

const PATTERNS: readonly Bad[] = [
  NULL,
  ...NO_TEXT.filter(([shown]) => shown !== "undefined" && shown !== "null"),
  ['"["', "["],
  ['"[a"', "[a"],
  ['"[]"', "[]"],
  ['"[^]"', "[^]"],
  ['"[]a]"', "[]a]"],
  ['"[^]a]"', "[^]a]"],
  ['"\\\\"', "\\"],
  ['"a\\\\"', "a\\"],
  ['"[\\\\"', "[\\"],
  ['"[a\\\\"', "[a\\"],
  ['"[a-\\\\"', "[a-\\"],
  ['"[z-a]"', "[z-a]"],
  ['"*[b-a]*"', "*[b-a]*"],
  ['"[^z-a]"', "[^z-a]"],
  ['"[a-"', "[a-"],
  ['"[^"', "[^"],
  ['"[^a"', "[^a"],
  ['"a[b[c"', "a[b[c"],
  ['"[a\\\\]"', "[a\\]"],
  ['"\\ud800"', "\ud800"],
  ['"*\\udc00"', "*\udc00"],
];

const NAMES: readonly Bad[] = [
  ...NO_TEXT,
  ['""', ""],
  ['":"', ":"],
  ['"a:b"', "a:b"],
  ['":a"', ":a"],
  ['"a:"', "a:"],
  ['"\\ud800"', "\ud800"],
  ['"a\\udfff"', "a\udfff"],
  ["characters", `${"x".repeat(1000)}:`],
];

const COMPUTES: readonly Bad[] = [
  NULL,
  UNDEFINED,
  ["a string", SECRET],
  ["a number", 5],
  ["an object", { secret: SECRET }],
  ["an object", Promise.resolve(SECRET)],
  ["an array", [SECRET]],
];

const without = (whole: object, name: string): object =>
  new Proxy(whole, { get: (target, property) => (property === name ? undefined : Reflect.get(target, property)) });

const DRIVER_METHODS = [
  "get",
  "set",
  "setNX",
  "delete",
  "exists",
  "mGet",
  "mSet",
  "mDel",
  "ttl",
  "expire",
  "persist",
  "incr",
  "getSet",
  "compareAndSwap",
  "compareAndDelete",
  "scan",
  "clear",
] as const;
const DRIVERS: readonly Bad[] = [
  NULL,
  ["a string", SECRET],
  ["a number", 5],
  ["an object", {}],
  ["an object", new Map()],
  ["an array", []],
  ["a function", MemoryDriver],
  ...DRIVER_METHODS.map((method): Bad => [`without the method ${method}`, without(new MemoryDriver(), method)]),
  ['driver.name is ""', named("")],
  ["driver.name is undefined", named(undefined)],
  ["driver.name is a number", named(5)],
];
/** A memory driver of another name. */
function named(name: unknown): object {
  return Object.defineProperty(new MemoryDriver(), "name", { value: name });
}

const CODECS: readonly Bad[] = [
  NULL,
  ["a string", SECRET],
  ["a number", 5],
  ["an object", {}],
  ["a function", json],
  ["an array", [text]],
  ["without the method encode", { format: "text", decode: () => SECRET }],
  ["without the method decode", { format: "text", encode: () => SECRET }],
  ["undefined", { encode: () => SECRET, decode: () => SECRET }],
  ["null", { format: null, encode: () => SECRET, decode: () => SECRET }],
  ['"json"', { format: "json", encode: () => SECRET, decode: () => SECRET }],
  ['"Text"', { format: "Text", encode: () => SECRET, decode: () => SECRET }],
  ["a number", { format: "bytes", copies: 1, encode: () => SECRET, decode: () => SECRET }],
];
const LOGGERS: readonly Bad[] = [
  NULL,
  ["a string", SECRET],
  ["a function", () => {}],
  ["an object", {}],
  ["an array", []],
  ...(["debug", "info", "warn", "error"] as const).map(
    (level): Bad => [`without the method ${level}`, without(recordingLogger().logger, level)],
  ),
];
const TAGS: readonly Bad[] = [
  NULL,
  ["a number", 5],
  ["a boolean", true],
  ["an object", { secret: SECRET }],
  ["an array", [SECRET]],
  ["a function", () => SECRET],
];
const SCHEMAS: readonly Bad[] = [
  NULL,
  ["a string", SECRET],
  ["a number", 5],
  ["a boolean", true],
  ["an object", {}],
  ["an object", { "~standard": null }],
  ["an object", { "~standard": { version: 1, vendor: "none" } }],
  ["a function", () => SECRET],
  ["an array", [SECRET]],
];

interface Row {
  readonly method: string;
  readonly rule: string;
  readonly bad: Bad;
  readonly error: abstract new (...args: never) => NamestoreError;
  run(client: Client<string, string>): unknown;
}

type Anything = never;
type Run<A extends unknown[]> = (client: Client<string, string>, ...args: A) => Promise<unknown>;

/** Every method about one key, called with this key and these options. */
const ONE: Record<string, Run<[key: Anything, options?: Anything]>> = {
  set: (client, key, options) => client.set(key, SECRET, options),
  setNX: (client, key, options) => client.setNX(key, SECRET, options),
  get: (client, key, options) => client.get(key, options),
  find: (client, key, options) => client.find(key, options),
  delete: (client, key, options) => client.delete(key, options),
  exists: (client, key, options) => client.exists(key, options),
  ttl: (client, key, options) => client.ttl(key, options),
  expire: (client, key, options) => client.expire(key, 1000, options),
  persist: (client, key, options) => client.persist(key, options),
  incr: (client, key, options) => client.incr(key, 1, options),
  decr: (client, key, options) => client.decr(key, 1, options),
  getSet: (client, key, options) => client.getSet(key, SECRET, options),
  compareAndSwap: (client, key, options) => client.compareAndSwap(key, SECRET, SECRET, options),
  compareAndDelete: (client, key, options) => client.compareAndDelete(key, SECRET, options),
  getOrSet: (client, key, options) => client.getOrSet(key, () => SECRET, options),
};
/** Every method about several keys, called with one among good ones. */
const SEVERAL: Record<string, Run<[key: Anything, options?: Anything]>> = {
  mGet: (client, key, options) => client.mGet(["good", key], options),
  mDel: (client, key, options) => client.mDel(["good", key], options),
  mSet: (client, key, options) => client.mSet([["good", SECRET] as const, [key, SECRET] as const], options),
};
/** Every method about the namespace. */
const NAMESPACE: Record<string, Run<[options: Anything]>> = {
  keys: (client, options) => client.keys("*", options),
  scan: (client, options) => client.scan("*", options).next(),
  clear: (client, options) => client.clear(options),
};
const TTL_TAKERS = ["set", "setNX", "incr", "decr", "getSet", "compareAndSwap", "getOrSet"] as const;

function* rows(): Generator<Row> {
  const refused = (rule: string, error: Row["error"], bads: readonly Bad[]) =>
    function* (method: string, run: (client: Client<string, string>, given: Anything) => unknown): Generator<Row> {
      for (const bad of bads) yield { method, rule, bad, error, run: (client) => run(client, bad[1] as Anything) };
    };
  const key = refused("key", InvalidKeyError, KEYS);
  const options = refused("options", InvalidArgumentError, OPTIONS);
  const option = refused("option", InvalidArgumentError, [
    ['"tll"', { tll: "30m" }],
    ['"Signal"', { signal: undefined, Signal: SECRET }],
  ]);
  const signal = refused("signal", InvalidArgumentError, SIGNALS);
  const ttl = refused("ttl", InvalidArgumentError, DURATIONS);
  const zero = refused("ttl", InvalidArgumentError, NO_DURATION);
  const delta = refused("delta", InvalidArgumentError, DELTAS);
  const list = refused("keys", InvalidArgumentError, LISTS);
  const entries = refused("entries", InvalidArgumentError, ENTRIES);
  const pattern = refused("pattern", InvalidPatternError, PATTERNS);
  const compute = refused("compute", InvalidArgumentError, COMPUTES);
  const rootNS = refused("rootNS", InvalidNamespaceError, NAMES);
  const domain = refused("domain", InvalidNamespaceError, NAMES);
  const codec = refused("codec", InvalidArgumentError, CODECS);

  for (const [method, run] of Object.entries({ ...ONE, ...SEVERAL })) {
    yield* key(method, run);
    yield* options(method, (client, given) => run(client, "a" as Anything, given));
    yield* option(method, (client, given) => run(client, "a" as Anything, given));
    yield* signal(method, (client, given) => run(client, "a" as Anything, { signal: given } as Anything));
    if (TTL_TAKERS.includes(method as never) || method === "mSet") continue;
    yield* refused("option", InvalidArgumentError, [['"ttl"', { ttl: "1h" }]])(method, (client, given) =>
      run(client, "a" as Anything, given),
    );
  }
  for (const [method, run] of Object.entries(NAMESPACE)) {
    yield* options(method, run);
    yield* option(method, run);
    yield* signal(method, (client, given) => run(client, { signal: given } as Anything));
  }
  for (const method of TTL_TAKERS) {
    yield* ttl(method, (client, given) => ONE[method]?.(client, "a" as Anything, { ttl: given } as Anything));
  }
  yield* ttl("mSet", (client, given) => client.mSet({ a: SECRET }, { ttl: given }));
  yield* ttl("mSet of nothing", (client, given) => client.mSet({}, { ttl: given }));
  yield* ttl("expire", (client, given) => client.expire("a", given));
  yield* zero("expire", (client, given) => client.expire("a", given));
  yield* delta("incr", (client, given) => client.incr("a", given));
  yield* delta("decr", (client, given) => client.decr("a", given));
  yield* list("mGet", (client, given) => client.mGet(given));
  yield* list("mDel", (client, given) => client.mDel(given));
  yield* entries("mSet", (client, given) => client.mSet(given));
  yield* refused("key", InvalidKeyError, [
    ['""', ""],
    ['"\\ud800"', "\ud800"],
  ])("mSet of an object", (client, given) => client.mSet({ good: SECRET, [given as string]: SECRET }));
  yield* pattern("keys", (client, given) => client.keys(given));
  yield* pattern("scan", (client, given) => client.scan(given).next());
  yield* compute("getOrSet", (client, given) => client.getOrSet("a", given));
  yield* rootNS("constructor", (_client, given) => new Client(given, "notes"));
  yield* domain("constructor", (_client, given) => new Client("app", given));
  yield* domain("domain", (client, given) => client.domain(given));
  yield* codec("withCodec", (client, given) => client.withCodec(given));
  const make = (_client: unknown, given: object) => new Client("app", "notes", given as never);
  yield* options("constructor", make);
  yield* codec("constructor", (client, given) => make(client, { codec: given }));
  yield* ttl("constructor", (client, given) => make(client, { ttl: given }));
  yield* refused(
    "driver",
    InvalidArgumentError,
    DRIVERS,
  )("constructor", (client, given) => make(client, { driver: given }));
  yield* refused(
    "logger",
    InvalidArgumentError,
    LOGGERS,
  )("constructor", (client, given) => make(client, { logger: given }));
  yield* refused(
    "logTag",
    InvalidArgumentError,
    TAGS,
  )("constructor", (client, given) => make(client, { logTag: given }));
  yield* refused("schema", InvalidArgumentError, SCHEMAS)("json", (_client, given) => json(given));
}

const ROWS = [...rows()];
const MADE_WITHOUT_A_CALL = new Set(["constructor", "domain", "withCodec", "json"]);

/** The answer always is a promise, except where a client or a codec is made. */
async function refusal(row: Row, client: Client<string, string>): Promise<NamestoreError> {
  if (!MADE_WITHOUT_A_CALL.has(row.method)) return rejection(row.run(client) as Promise<unknown>);
  try {
    row.run(client);
  } catch (error) {
    return error as NamestoreError;
  }
  throw new Error("it should have thrown");
}

/** What a refusal lacks of what each must have. */
function flaws({ method, bad: [shown], error: Expected }: Row, error: NamestoreError): string[] {
  if (!(error instanceof Error)) return ["is an error"];
  const { code } = Expected as unknown as { code: string };
  const operation = MADE_WITHOUT_A_CALL.has(method) ? undefined : method.split(" ")[0];
  return Object.entries({
    "is of the class": error instanceof Expected && error.code === code,
    "names the operation": error.operation === operation,
    "says what was given": error.message.includes(shown),
    "says what is allowed": /allowed (is|are) |is a string; given was/.test(error.message),
    "stays short": error.message.length < 500,
    "tells no value": !everythingIn(error).includes(SECRET),
  }).flatMap(([what, holds]) => (holds ? [] : [what]));
}

it("the table has at least 500 cases, distinct by method and rule", () => {
  const distinct = new Set(ROWS.map(({ method, rule, bad }) => `${method} ${rule} ${bad[0]} ${String(bad[1])}`));
  expect(distinct.size).toBeGreaterThanOrEqual(500);
});

describe.each([
  ["at once", (call: Call) => call.pass()],
  ["with a promise", later],
])("rejects bad input before it calls a driver that answers %s, and writes nothing:", (_, answer) => {
  const asked: Call[] = [];
  const driver = driverWhere((call) => {
    asked.push(call);
    return answer(call);
  });
  const { logger, lines } = recordingLogger();
  const client = new Client("app", "notes", { driver, codec: text, logger });

  beforeEach(() => {
    asked.length = 0;
    lines.length = 0;
  });

  const groups = new Map<string, Row[]>();
  for (const row of ROWS) {
    const name = `${row.method} refuses a bad ${row.rule}`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }

  it.each([...groups])("%s", async (_name, group) => {
    for (const row of group) {
      const error = await refusal(row, client);
      expect(flaws(row, error), `${row.method} with the ${row.rule} ${row.bad[0]}: ${String(error)}`).toEqual([]);
    }
    expect(asked).toEqual([]);
    expect(lines).toEqual([]);
    expect(await client.keys()).toEqual([]);
  });
});

describe("a list whose iterator throws", () => {
  it("is rejected before the driver is called, and is not reported as the driver's fault", async () => {
    const asked: Call[] = [];
    const client = new Client("app", "notes", {
      driver: driverWhere((call) => asked.push(call)),
      codec: text,
    });
    const broken = function* (): Generator<never> {
      yield* [];
      throw new Error(SECRET);
    };
    for (const call of [() => client.mGet(broken()), () => client.mSet(broken()), () => client.mDel(broken())]) {
      const error = await rejection(call());
      expect(error).not.toMatchObject({ code: "ERR_DRIVER" });
    }
    expect(asked).toEqual([]);
  });
});

it("accepts inherited names in the options of a call, which a class of a user may have", async () => {
  const client = new Client("app", "notes", { codec: text });
  const options = Object.assign(Object.create({ toJSON: () => "" }), { ttl: 100 }) as object;
  await client.set("a", "x", options);
  expect(await client.ttl("a")).toBeLessThanOrEqual(100);
});
