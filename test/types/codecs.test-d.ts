import { type } from "arktype";
import * as v from "valibot";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { type BytesCodec, bytes, Client, type Codec, json, type TextCodec, text } from "../../src/index.js";

interface User {
  name: string;
  admin: boolean;
}
const zod = z.object({ name: z.string(), admin: z.boolean().default(false) });
const valibot = v.object({ name: v.string(), admin: v.optional(v.boolean(), false) });
const arktype = type({ name: "string", admin: "boolean = false" });

describe("the codecs of this package", () => {
  it("have their values and their form", () => {
    expectTypeOf(bytes).toEqualTypeOf<BytesCodec<Uint8Array>>();
    expectTypeOf(text).toEqualTypeOf<TextCodec<string>>();
    expectTypeOf(json<User>()).toEqualTypeOf<TextCodec<User>>();
    expectTypeOf(json()).toEqualTypeOf<TextCodec<unknown>>();
    expectTypeOf<Codec<User>>().toEqualTypeOf<TextCodec<User> | BytesCodec<User>>();
  });
});

describe("json(schema)", () => {
  it("has the schema's output as its values", () => {
    expectTypeOf(json(zod)).toEqualTypeOf<TextCodec<User>>();
    expectTypeOf(json(valibot)).toEqualTypeOf<TextCodec<User>>();
    expectTypeOf(json(arktype)).toEqualTypeOf<TextCodec<User>>();
    expectTypeOf(json(z.string())).toEqualTypeOf<TextCodec<string>>();
    expectTypeOf(json(z.array(z.number()).nullable())).toEqualTypeOf<TextCodec<number[] | null>>();
    expectTypeOf(json(v.picklist(["a", "b"]))).toEqualTypeOf<TextCodec<"a" | "b">>();
    expectTypeOf(json(type("string | number"))).toEqualTypeOf<TextCodec<string | number>>();
  });

  it("types a client", () => {
    expectTypeOf(new Client("a", "b", { codec: json(zod) })).toEqualTypeOf<Client<string, User>>();
    expectTypeOf(new Client("a", "b", { codec: json(valibot) })).toEqualTypeOf<Client<string, User>>();
    expectTypeOf(new Client("a", "b", { codec: json(arktype) })).toEqualTypeOf<Client<string, User>>();
    expectTypeOf(new Client<"k", User>("a", "b", { codec: json(zod) })).toEqualTypeOf<Client<"k", User>>();
    expectTypeOf(new Client("a", "b").withCodec(json(zod))).toEqualTypeOf<Client<string, User>>();
  });

  it("accepts no schema of other values than the client's", () => {
    // @ts-expect-error
    void new Client<string, User>("a", "b", { codec: json(z.string()) });
    // @ts-expect-error
    void new Client<string, string>("a", "b", { codec: json(v.number()) });
    // @ts-expect-error
    void new Client<string, string>("a", "b", { codec: json(type("number")) });
  });

  it("accepts no schema whose output it could not read again as input", () => {
    // @ts-expect-error a text becomes its length
    json(z.string().transform((value) => value.length));
    // @ts-expect-error
    json(z.string().pipe(z.coerce.number()));
    // @ts-expect-error
    json(v.pipe(v.string(), v.transform(Number)));
    // @ts-expect-error
    json(type("string.numeric.parse"));
  });

  it("accepts a schema whose output is not its input with the option encode, its reverse", () => {
    const Visit = z.object({
      at: z.codec(z.iso.datetime(), z.date(), { decode: (at) => new Date(at), encode: (at) => at.toISOString() }),
    });
    expectTypeOf(json(Visit, { encode: Visit.encode })).toEqualTypeOf<TextCodec<{ at: Date }>>();
    expectTypeOf(json(Visit, { encode: ({ at }) => ({ at: at.toISOString() }), verify: false })).toEqualTypeOf<
      TextCodec<{ at: Date }>
    >();
    const length = v.pipe(v.string(), v.transform(Number));
    expectTypeOf(json(length, { encode: (value) => String(value) })).toEqualTypeOf<TextCodec<number>>();
    expectTypeOf(json(zod, { verify: false })).toEqualTypeOf<TextCodec<User>>();
    // @ts-expect-error
    json(Visit);
    // @ts-expect-error
    json(Visit, { verify: false });
    // @ts-expect-error
    json(Visit, { encode: (visit) => visit });
  });

  it("accepts a schema that only narrows", () => {
    expectTypeOf(json(z.string().trim())).toEqualTypeOf<TextCodec<string>>();
    expectTypeOf(json(z.string().brand<"Email">())).toExtend<TextCodec<string & z.$brand<"Email">>>();
    expectTypeOf(json(v.pipe(v.string(), v.email()))).toEqualTypeOf<TextCodec<string>>();
  });

  it("accepts nothing but a schema", () => {
    // @ts-expect-error
    json({});
    // @ts-expect-error
    json(null);
    // @ts-expect-error
    json("string");
    // @ts-expect-error
    json(() => true);
  });
});

describe("a codec of a user", () => {
  it("encodes to text and decodes text, or encodes to bytes and decodes bytes", () => {
    const date = {
      format: "text",
      encode: (value: Date) => value.toISOString(),
      decode: (stored: string) => new Date(stored),
    } as const;
    expectTypeOf(date).toExtend<Codec<Date>>();
    expectTypeOf(new Client("a", "b", { codec: date })).toEqualTypeOf<Client<string, Date>>();
    // @ts-expect-error bytes as a text codec's output
    const mixed: Codec<string> = { format: "text", encode: () => new Uint8Array(), decode: (stored) => stored };
    void mixed;
    // @ts-expect-error a text as a bytes codec's output
    const mixedToo: Codec<string> = { format: "bytes", encode: () => "x", decode: () => "x" };
    void mixedToo;
    // @ts-expect-error no such format
    const other: Codec<string> = { format: "json", encode: () => "x", decode: () => "x" };
    void other;
    // @ts-expect-error no promise
    const later: Codec<string> = { format: "text", encode: async () => "x", decode: () => "x" };
    void later;
    // @ts-expect-error no format
    const formless: Codec<string> = { encode: () => "x", decode: () => "x" };
    void formless;
  });
});
