import { runInNewContext } from "node:vm";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Client } from "../../src/client/client.js";
import type { Codec, TextCodec } from "../../src/codec/codec.js";
import { json } from "../../src/codec/json.js";
import { text } from "../../src/codec/text.js";
import { CodecError, InvalidArgumentError } from "../../src/errors.js";
import { rejection, settle } from "../support/promises.js";

describe("json()", () => {
  const open = () => new Client<string, unknown>("app", "things", { codec: json() });

  it.each([
    ["null", null],
    ["true", true],
    ["0", 0],
    ["a fraction", -1.5e-7],
    ["an empty string", ""],
    ["a lone surrogate, which JSON escapes", "\ud800"],
    ["an emoji", "😀"],
    ["an array", [1, [2, []], null]],
    ["an object", { a: { b: [1, "2"] }, "": 0, "\ud83d": "half" }],
    ["an object with the key __proto__", JSON.parse('{"__proto__":{"a":1}}')],
  ])("stores %s", async (_name, value) => {
    const client = open();
    await client.set("a", value);
    expect(await client.get("a")).toEqual(value);
    expect(JSON.stringify(await client.get("a"))).toBe(JSON.stringify(value));
  });

  it("stores the output of JSON.stringify", async () => {
    const client = open();
    await client.set("a", { b: 1, at: new Date(0) });
    expect(await client.withCodec(text).get("a")).toBe('{"b":1,"at":"1970-01-01T00:00:00.000Z"}');
  });

  it("returns a new object to each reader", async () => {
    const client = open();
    await client.set("a", { list: [1] });
    const first = (await client.get("a")) as { list: number[] };
    first.list.push(2);
    expect(await client.get("a")).toEqual({ list: [1] });
  });

  it("says that a value is nested too deeply, and not that it holds a cycle", () => {
    expect(() => json().encode(nested(100_000))).toThrow("it is nested too deeply");
    expect(() => json().encode(circle)).toThrow("it holds a cycle");
    const thrower = {
      toJSON() {
        throw "a string";
      },
    };
    expect(() => json().encode(thrower)).toThrow("a toJSON that throws");
  });

  const circle: unknown[] = [];
  circle.push(circle);
  it.each([
    ["undefined", undefined],
    ["a function", () => {}],
    ["a symbol", Symbol("x")],
    ["a BigInt", 1n],
    ["an object with a BigInt", { a: 1n }],
    ["a cycle", circle],
    [
      "a toJSON that throws",
      {
        toJSON() {
          throw new Error("no");
        },
      },
    ],
    ["a toJSON that returns undefined", { toJSON: () => undefined }],
    ["an object that is nested too deeply", nested(100_000)],
  ])("refuses %s, which has no JSON form", async (_name, value) => {
    const error = await rejection<CodecError>(open().set("a", value));
    expect(error).toBeInstanceOf(CodecError);
    expect(error.message).toContain("no JSON form");
    expect(error.cause).toBeUndefined();
  });

  it.each([
    ["without a schema", json()],
    ["with a schema that takes anything", json(z.unknown())],
  ])("refuses a promise %s, which is a forgotten await", async (_name, codec: Codec<unknown>) => {
    const client = new Client<string, unknown>("app", "things", { codec });
    for (const value of [Promise.resolve("x"), runInNewContext('Promise.resolve("x")')]) {
      const error = await rejection<CodecError>(client.set("a", value));
      expect(error).toBeInstanceOf(CodecError);
      expect(error.message).toBe('set "a": the value is a promise: await it');
    }
    expect(await client.exists("a")).toBe(false);
    expect(await client.getOrSet("a", () => Promise.resolve("x"))).toBe("x");
  });

  it.each(["", "{", "undefined", "NaN", "'a'", "{a:1}", "[1,]", "\ufeff1", "1 2"])(
    "refuses to read %j, which is not JSON",
    async (stored) => {
      const client = open();
      await client.withCodec(text).set("a", stored);
      const error = await rejection<CodecError>(client.get("a"));
      expect(error).toBeInstanceOf(CodecError);
      expect(error.cause).toBeUndefined();
    },
  );
});

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let at = 0; at < depth; at++) value = [value];
  return value;
}

const SCHEMAS: [string, TextCodec<{ name: string; admin: boolean }>][] = [
  ["zod", json(z.object({ name: z.string(), admin: z.boolean().default(false) }))],
  ["valibot", json(v.object({ name: v.string(), admin: v.optional(v.boolean(), false) }))],
  ["arktype", json(type({ name: "string", admin: "boolean = false" }))],
];

describe.each(SCHEMAS)("json(schema) with %s", (_name, codec) => {
  const open = () => new Client("app", "users", { codec });

  it("validates before writing, and stores the output of the schema", async () => {
    const client = open();
    await client.set("a", { name: "Alice" } as never);
    expect(await client.withCodec(text).get("a")).toBe('{"name":"Alice","admin":false}');
    expect(await client.get("a")).toEqual({ name: "Alice", admin: false });
  });

  it("validates after reading, and returns the output of the schema", async () => {
    const client = open();
    await client.withCodec(text).set("old", '{"name":"Bob"}');
    expect(await client.get("old")).toEqual({ name: "Bob", admin: false });
  });

  it("refuses an invalid value, and names the paths", async () => {
    const client = open();
    const writing = await rejection<CodecError>(client.set("a", { name: 5, admin: "yes" } as never));
    expect(writing).toBeInstanceOf(CodecError);
    expect(writing.message).toContain("name");
    expect(writing.message).toContain("admin");
    expect(writing.cause).toBeUndefined();
    expect(await client.exists("a")).toBe(false);
    await client.withCodec(text).set("a", '{"name":5}');
    const reading = await rejection<CodecError>(client.get("a"));
    expect(reading).toBeInstanceOf(CodecError);
    expect(reading.message).toContain("name");
  });

  it("names the root where the whole value is invalid", async () => {
    const error = await rejection<CodecError>(open().set("a", 5 as never));
    expect(error.message).toContain("the root");
  });

  it("refuses to read what is not JSON", async () => {
    const client = open();
    await client.withCodec(text).set("a", "{");
    await expect(client.get("a")).rejects.toBeInstanceOf(CodecError);
  });
});

const CIRCLE: { self?: unknown } = {};
CIRCLE.self = CIRCLE;

/** A Standard Schema that no library made. */
function schema(validate: StandardSchemaV1.Props<string>["validate"]): StandardSchemaV1<string> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

describe("json(schema)", () => {
  it.each([
    ["zod", z.object({ lines: z.array(z.object({ zip: z.string() })) })],
    ["valibot", v.object({ lines: v.array(v.object({ zip: v.string() })) })],
    ["arktype", type({ lines: type({ zip: "string" }).array() })],
  ])("names the path of a nested element with %s", (_name, schema) => {
    const codec = json(schema as z.ZodType<object>);
    expect(() => codec.encode({ lines: [{ zip: "1" }, { zip: 2 }] })).toThrow("lines.1.zip");
  });

  it.each([
    ["null", null],
    ["an object", {}],
    ["an object", { "~standard": {} }],
    ["a string", "schema"],
  ])("refuses %s as a schema", (kind, given) => {
    expect(() => json(given as never)).toThrow(InvalidArgumentError);
    expect(() => json(given as never)).toThrow(`the schema is ${kind}; allowed is a Standard Schema`);
  });

  it("refuses an asynchronous schema at each value, without an unhandled rejection", async () => {
    const asynchronous = [
      json(z.string().refine(async () => true)),
      json(schema(() => Promise.reject(new Error("late")))),
    ];
    for (const codec of asynchronous as Codec<string>[]) {
      const client = new Client("app", "users", { codec });
      const error = await rejection<CodecError>(client.set("a", "x"));
      expect(error).toBeInstanceOf(CodecError);
      expect(error.message).toContain("synchronous");
      expect(await client.exists("a")).toBe(false);
    }
    await settle();
  });

  it("reports what a refinement throws by its name, and not as an asynchronous schema", async () => {
    const throwing = z.string().refine((value) => {
      throw new RangeError(value);
    });
    const client = new Client("app", "users", { codec: json(throwing) });
    expect(await rejection(client.set("a", "secret"))).toMatchObject({
      message: 'set "a": the codec threw RangeError',
    });
    await client.withCodec(text).set("a", '"secret"');
    expect(await rejection(client.get("a"))).toMatchObject({ message: 'get "a": the codec threw RangeError' });
    await settle();
  });

  it("treats a schema as asynchronous that says it is of zod, but has no safeParse", () => {
    const validate = async () => ({ value: "x" });
    const codec = json<string, string>({ "~standard": { version: 1, vendor: "zod", validate } });
    expect(() => codec.encode("x")).toThrow("the schema is asynchronous");
  });

  it.each([
    ["zod", json(z.array(z.string())) as Codec<unknown>],
    ["valibot", json(v.array(v.string())) as Codec<unknown>],
    ["arktype", json(type("string[]")) as Codec<unknown>],
  ])("names five issues and the number of others with %s", (_name, codec) => {
    const messageOf = (count: number): string => {
      try {
        codec.encode(Array.from({ length: count }, () => false));
      } catch (error) {
        return (error as Error).message;
      }
      throw new Error("it should be refused");
    };
    expect(messageOf(5)).toMatch(/ at 0\b.*, 1\b.*, 4\b.*$/);
    expect(messageOf(5)).not.toContain("more");
    expect(messageOf(6)).toMatch(/, 4\b.* and 1 more$/);
    const long = messageOf(1_000);
    expect(long).toMatch(/ at 0\b.*, 1\b.*, 2\b.*, 3\b.*, 4\b.* and 995 more$/);
    expect(long.length).toBeLessThan(1_000);
  });

  it("treats a schema that returns a promise of another realm as asynchronous", () => {
    const foreign = runInNewContext('Promise.resolve({ value: "x" })') as Promise<{ value: string }>;
    const codec = json(schema(() => foreign));
    expect(() => codec.encode("x")).toThrow("synchronous");
  });

  it("names paths of plain keys, { key } objects, symbols and numbers", () => {
    const issues = [
      { message: "m", path: ["a", { key: 0 }, Symbol("s")] },
      { message: "m", path: [] },
      { message: "m" },
    ];
    const codec = json(schema(() => ({ issues })));
    expect(() => codec.encode("x")).toThrow("at a.0.Symbol(s) (m), the root (m), the root (m)");
  });

  it("accepts a schema for a string or null", async () => {
    const client = new Client("app", "users", { codec: json(z.string().nullable()) });
    await client.set("a", null);
    expect(await client.get("a")).toBeNull();
    await client.set("a", "x");
    expect(await client.withCodec(text).get("a")).toBe('"x"');
  });
});

describe("what json(schema) writes", () => {
  const Visit = z.object({ at: z.date() });

  it("is refused when the schema would not read it again", async () => {
    const client = new Client("app", "visits", { codec: json(Visit) });
    const error = await rejection<CodecError>(client.set("a", { at: new Date(0) }));
    expect(error).toBeInstanceOf(CodecError);
    expect(error.message).toBe(
      'set "a": the value can be written but not be read: the value does not fit the schema at at ' +
        "(Invalid input: expected date, received string)",
    );
    expect(await client.exists("a")).toBe(false);
  });

  it("is not checked with verify: false", async () => {
    const client = new Client("app", "visits", { codec: json(Visit, { verify: false }) });
    await client.set("a", { at: new Date(0) });
    await expect(client.get("a")).rejects.toBeInstanceOf(CodecError);
  });

  it("is refused with the name only of what the schema throws on the way back", async () => {
    const picky = schema((value) => {
      if (value === "x") return { value: "y" };
      throw new TypeError(String(value));
    });
    const client = new Client("app", "visits", { codec: json(picky) });
    expect(await rejection(client.set("a", "x"))).toMatchObject({ message: 'set "a": the codec threw TypeError' });
  });
});

describe("json(schema) with a schema that works both ways", () => {
  const date = z.codec(z.iso.datetime(), z.date(), {
    decode: (stored) => new Date(stored),
    encode: (at) => at.toISOString(),
  });
  const Visit = z.object({ at: date, by: z.string().default("nobody") });

  it("writes by the option encode, and reads by the schema", async () => {
    const client = new Client("app", "visits", { codec: json(Visit, { encode: Visit.encode }) });
    await client.set("a", { at: new Date(0), by: "Alice" });
    expect(await client.withCodec(text).get("a")).toBe('{"at":"1970-01-01T00:00:00.000Z","by":"Alice"}');
    expect(await client.get("a")).toEqual({ at: new Date(0), by: "Alice" });
    expect(await client.compareAndSwap("a", { at: new Date(0), by: "Alice" }, { at: new Date(1), by: "Bob" })).toBe(
      true,
    );
    expect(await client.getOrSet("b", () => ({ at: new Date(2), by: "Bob" }))).toEqual({ at: new Date(2), by: "Bob" });
  });

  it("names the issues that the option encode throws, and only the name of anything else", async () => {
    const client = new Client("app", "visits", { codec: json(Visit, { encode: Visit.encode }) });
    const error = await rejection<CodecError>(client.set("a", { at: "now", by: "Bob" } as never));
    expect(error.message).toBe(
      'set "a": the value does not fit the schema at at (Invalid input: expected date, received string)',
    );
    for (const thrown of [new RangeError("Alice"), undefined]) {
      const encode = (): never => {
        throw thrown;
      };
      const throwing = new Client("app", "visits", { codec: json(Visit, { encode }) });
      const shown = thrown === undefined ? "undefined" : "RangeError";
      expect(await rejection(throwing.set("a", { at: new Date(0), by: "" }))).toMatchObject({
        message: `set "a": the codec threw ${shown}`,
      });
    }
  });

  it("writes by a schema of zod without the option, also where its input and output are of one type", async () => {
    const reversed = (value: string) => value.split("").reverse().join("");
    const Suffixed = z.codec(z.string().endsWith("!"), z.string(), {
      decode: (stored) => reversed(stored),
      encode: (value) => reversed(value),
    });
    const client = new Client("app", "texts", { codec: json(Suffixed) });
    await client.set("a", "!olleh");
    expect(await client.withCodec(text).get("a")).toBe('"hello!"');
    expect(await client.get("a")).toBe("!olleh");
    const inputToo = new Client("app", "visits", { codec: json(Visit as unknown as z.ZodType<{ at: Date }>) });
    await inputToo.set("a", { at: "1970-01-01T00:00:00.000Z" } as never);
    expect(await inputToo.get("a")).toEqual({ at: new Date(0), by: "nobody" });
  });

  it.each([
    ["null", null, "options is null"],
    ["an array", [], undefined],
    ["a string", "verify", "options is a string"],
    ["an unknown option", { verfy: true }, 'there is no option "verfy"; allowed are encode, verify'],
    ["an encode that is no function", { encode: "x" }, "encode is a string; allowed is a function"],
    ["a verify that is no boolean", { verify: 0 }, "verify is a number; allowed is a boolean"],
  ])("refuses %s as options", (_name, options, message) => {
    const make = () => json(Visit, options as never);
    if (message === undefined) expect(make).not.toThrow();
    else expect(make).toThrow(message);
  });
});

describe("the message of a schema", () => {
  /** The error of a schema with this message, for this value. */
  const told = (value: unknown, message: unknown, path: PropertyKey[] = []): string => {
    const codec = json(schema(() => ({ issues: [{ message: message as string, path }] })));
    try {
      codec.encode(value as string);
    } catch (error) {
      return (error as Error).message.replace("the value does not fit the schema at ", "");
    }
    throw new Error("it should be refused");
  };

  it.each([
    ["a short string", "ab", "ab is bad"],
    ["another string", "secret", "expected a number"],
    ["a number", 5, "at least 6"],
    ["null and undefined", { a: null, b: undefined }, "received null, expected undefined"],
    ["a null object", Object.assign(Object.create(null), { a: "xyz" }), "bad"],
    ["an object that is there twice", [CIRCLE, CIRCLE], "bad"],
    ["a short key", { "": 1, d: 2 }, "bad"],
  ])("is told when it repeats nothing of the value: %s", (_name, value, message) => {
    expect(told(value, message)).toBe(`the root (${message})`);
  });

  it.each([
    ["a whole string", "secret", 'received "secret"'],
    ["the start of a string", "secretary", "received sec…"],
    ["a string in other case", "Secret", "SECRET is bad"],
    ["a nested string", { a: [{ b: "secret" }] }, "not secret"],
    ["digits of a number", 1234.5, "5 is too much"],
    ["digits of a short string", "7x", "7 is bad"],
    ["a boolean", true, "received true"],
    ["a BigInt", 12n, "12 is bad"],
    ["a key", { pin: 5 }, 'unknown key "pin"'],
    ["a short key with a digit", { "7": null }, 'unknown key "7"'],
    ["a symbol, perhaps", Symbol("a"), "bad"],
    ["a function, perhaps", () => {}, "bad"],
    ["an instance of a class, perhaps", new Date(0), "bad"],
    ["too many members, perhaps", Array.from({ length: 2_000 }, () => null).map(() => true), "bad"],
    ["too long a string, perhaps", "x".repeat(20_000), "bad"],
  ])("is left out when it repeats a part of the value: %s", (_name, value, message) => {
    expect(told(value, message)).toBe("the root");
  });

  it.each([
    ["no string", 5],
    ["empty", ""],
    ["long", "m".repeat(201)],
    ["of several lines", "one\ntwo"],
  ])("is left out when it is %s", (_name, message) => {
    expect(told("x", message)).toBe("the root");
  });

  it("may repeat the keys of the path", () => {
    expect(told({ name: 5 }, "name must be a string", ["name"])).toBe("name (name must be a string)");
  });
});
