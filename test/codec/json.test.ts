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
  ])("refuses %s, which has no JSON form", async (_name, value) => {
    const error = await rejection<CodecError>(open().set("a", value));
    expect(error).toBeInstanceOf(CodecError);
    expect(error.message).toContain("no JSON form");
    expect(error.cause).toBeUndefined();
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
    expect(() => codec.encode("x")).toThrow("at a.0.Symbol(s), the root, the root");
  });

  it("accepts a schema for a string or null", async () => {
    const client = new Client("app", "users", { codec: json(z.string().nullable()) });
    await client.set("a", null);
    expect(await client.get("a")).toBeNull();
    await client.set("a", "x");
    expect(await client.withCodec(text).get("a")).toBe('"x"');
  });
});
