import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Client } from "../../src/client/client.js";
import { bytes } from "../../src/codec/bytes.js";
import type { Codec } from "../../src/codec/codec.js";
import { json } from "../../src/codec/json.js";
import { text } from "../../src/codec/text.js";
import { CodecError, NamestoreError } from "../../src/errors.js";
import { MemoryDriver } from "../../src/memory/memory-driver.js";
import { everythingIn } from "../support/leaks.js";
import { recordingLogger } from "../support/log.js";
import { rejection } from "../support/promises.js";

/** The value that nobody may read in an error or a log. */
const SECRET = "hunter2-sesame";
const DIGITS = "90210902109021090210";

class Unwritable {
  readonly secret = SECRET;
  toJSON(): never {
    throw new Error(`cannot write ${SECRET}`);
  }
}

const circle: { secret: string; self?: unknown } = { secret: SECRET };
circle.self = circle;

const throwing = (thrown: unknown): Codec<unknown> => ({
  format: "text",
  encode: () => {
    throw thrown;
  },
  decode: () => {
    throw thrown;
  },
});
const giving = (format: string, encoded: unknown): Codec<unknown> =>
  ({ format, encode: () => encoded, decode: (stored: unknown) => stored }) as never;

const withCause = new Error(`bad ${SECRET}`, { cause: { secret: SECRET } });
const withProperties = Object.assign(new TypeError(SECRET), { input: SECRET, issues: [{ received: SECRET }] });

const zodTalks = z.object({ password: z.string().refine(() => false, { error: ({ input }) => `refused: ${input}` }) });
const valibotTalks = v.object({
  password: v.pipe(
    v.string(),
    v.check(
      () => false,
      ({ input }) => `refused: ${input}`,
    ),
  ),
});
const arktypeTalks = type({ password: type("string").narrow((input, ctx) => ctx.mustBe(`other than ${input}`)) });
const thrower = z.unknown().transform((input): unknown => {
  throw new Error(`refused: ${JSON.stringify(input)}`);
});

/** Codecs, each with a value that it does not encode. */
const REFUSED: [string, Codec<unknown>, unknown][] = [
  ["text, an object", text as Codec<unknown>, { secret: SECRET }],
  ["text, an array", text as Codec<unknown>, [SECRET]],
  ["text, a lone surrogate", text as Codec<unknown>, `${SECRET}\ud800`],
  ["bytes, a text", bytes as Codec<unknown>, SECRET],
  ["bytes, an ArrayBuffer", bytes as Codec<unknown>, new TextEncoder().encode(SECRET).buffer],
  ["json, a cycle", json(), circle],
  ["json, a BigInt", json(), { secret: SECRET, count: 1n }],
  ["json, a toJSON that throws", json(), new Unwritable()],
  ["json, a symbol", json(), Symbol(SECRET)],
  ["json, a function", json(), () => SECRET],
  ["zod", json(z.object({ password: z.number() })) as Codec<unknown>, { password: SECRET }],
  ["zod, a literal", json(z.literal("open")) as Codec<unknown>, SECRET],
  ["zod, a message with the value", json(zodTalks) as Codec<unknown>, { password: SECRET }],
  ["zod, a transform that throws", json(thrower) as Codec<unknown>, SECRET],
  ["valibot", json(v.object({ password: v.number() })) as Codec<unknown>, { password: SECRET }],
  ["valibot, a literal", json(v.literal("open")) as Codec<unknown>, SECRET],
  ["valibot, a message with the value", json(valibotTalks) as Codec<unknown>, { password: SECRET }],
  ["arktype", json(type({ password: "number" })) as Codec<unknown>, { password: SECRET }],
  ["arktype, a literal", json(type("'open'")) as Codec<unknown>, SECRET],
  ["arktype, a message with the value", json(arktypeTalks) as Codec<unknown>, { password: SECRET }],
  ["a codec that throws an Error", throwing(new Error(SECRET)), SECRET],
  ["a codec that throws an Error with a cause", throwing(withCause), SECRET],
  ["a codec that throws an Error with properties", throwing(withProperties), SECRET],
  ["a codec that throws a text", throwing(SECRET), SECRET],
  ["a codec that throws an object", throwing({ message: SECRET }), SECRET],
  ["a codec that throws a symbol", throwing(Symbol(SECRET)), SECRET],
  ["a text codec that gives bytes", giving("text", new TextEncoder().encode(SECRET)), SECRET],
  ["a text codec that gives an object", giving("text", { secret: SECRET }), SECRET],
  ["a text codec that gives a lone surrogate", giving("text", `${SECRET}\udc00`), SECRET],
  ["a bytes codec that gives a text", giving("bytes", SECRET), SECRET],
  ["a bytes codec that gives an array", giving("bytes", [SECRET]), SECRET],
];

/** Codecs, each with something stored that it does not decode. */
const UNREADABLE: [string, Codec<unknown>, string | Uint8Array][] = [
  ["text, bytes that are no UTF-8", text as Codec<unknown>, Buffer.concat([Buffer.from(SECRET), Buffer.of(0xff)])],
  ["json, no JSON", json(), SECRET],
  ["json, JSON cut short", json(), `{"password":"${SECRET}`],
  ["json, bytes that are no UTF-8", json(), Buffer.concat([Buffer.from(SECRET), Buffer.of(0xff)])],
  ["zod", json(z.object({ password: z.number() })) as Codec<unknown>, `{"password":"${SECRET}"}`],
  ["zod, no JSON", json(z.string()) as Codec<unknown>, SECRET],
  ["zod, a message with the value", json(zodTalks) as Codec<unknown>, `{"password":"${SECRET}"}`],
  ["zod, a transform that throws", json(thrower) as Codec<unknown>, `"${SECRET}"`],
  ["valibot", json(v.object({ password: v.number() })) as Codec<unknown>, `{"password":"${SECRET}"}`],
  ["valibot, a message with the value", json(valibotTalks) as Codec<unknown>, `{"password":"${SECRET}"}`],
  ["arktype", json(type({ password: "number" })) as Codec<unknown>, `{"password":"${SECRET}"}`],
  ["arktype, a message with the value", json(arktypeTalks) as Codec<unknown>, `{"password":"${SECRET}"}`],
  ["a codec that throws an Error", throwing(new Error(SECRET)), SECRET],
  ["a codec that throws an Error with a cause", throwing(withCause), SECRET],
  ["a codec that throws an Error with properties", throwing(withProperties), SECRET],
  ["a codec that throws a text", throwing(SECRET), SECRET],
];

function open(codec: Codec<unknown>) {
  const driver = new MemoryDriver();
  const { logger, lines } = recordingLogger();
  const client = new Client<string, unknown>("app", "accounts", { driver, codec, logger });
  /** The call rejects with a CodecError, is logged, and neither tells the secret. */
  const tellsNothing = async (call: Promise<unknown>): Promise<void> => {
    const error = await rejection(call);
    expect(error).toBeInstanceOf(CodecError);
    expect(lines).toHaveLength(1);
    for (const told of [everythingIn(error), lines.join("\n")]) {
      expect(told).not.toContain(SECRET);
      expect(told).not.toContain(SECRET.slice(0, 7));
    }
    lines.length = 0;
  };
  /** The call resolves, and its warning does not tell the secret. */
  const warnsOfNothing = async (call: Promise<unknown>): Promise<void> => {
    await call;
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^warn: /);
    expect(lines[0]).not.toContain(SECRET.slice(0, 7));
    lines.length = 0;
  };
  return { client, driver, tellsNothing, warnsOfNothing };
}

describe("no error and no log line contains a value that does not encode", () => {
  it.each(REFUSED)("%s", async (_name, codec, value) => {
    const { client, driver, tellsNothing } = open(codec);
    await tellsNothing(client.set("a", value));
    await tellsNothing(client.setNX("a", value));
    await tellsNothing(client.getSet("a", value));
    await tellsNothing(client.mSet({ a: value }));
    await tellsNothing(client.compareAndSwap("a", value, value));
    await tellsNothing(client.compareAndDelete("a", value));
    await tellsNothing(client.getOrSet("a", () => value));
    expect(driver.exists(client.prefix, "a")).toBe(false);
  });
});

describe("no error and no log line contains a stored value that does not decode", () => {
  it.each(UNREADABLE)("%s", async (_name, codec, stored) => {
    const { client, driver, tellsNothing, warnsOfNothing } = open(codec);
    driver.set(client.prefix, "a", stored, 0);
    await tellsNothing(client.get("a"));
    await tellsNothing(client.find("a"));
    await tellsNothing(client.mGet(["a"]));
    await warnsOfNothing(client.getOrSet("a", () => undefined));
  });
});

describe("no error of a counter contains the stored value", () => {
  it.each([SECRET, DIGITS, `-${DIGITS}`, Buffer.from(SECRET)])("%s", async (stored) => {
    const driver = new MemoryDriver();
    const { logger, lines } = recordingLogger();
    const client = new Client("app", "accounts", { driver, logger });
    driver.set(client.prefix, "a", stored, 0);
    for (const call of [client.incr("a"), client.decr("a", 5)]) {
      const error = await rejection(call);
      expect(error).toBeInstanceOf(NamestoreError);
      expect(everythingIn(error)).not.toContain(SECRET);
      expect(everythingIn(error)).not.toContain(DIGITS);
    }
    expect(lines).toEqual([]);
  });
});

describe("an error of a schema", () => {
  it("contains the path of the value, but not the value", async () => {
    const schema = z.object({ name: z.string(), lines: z.array(z.object({ zip: z.number() })) });
    const { client } = open(json(schema) as Codec<unknown>);
    const error = await rejection(client.set("a", { name: 5, lines: [{ zip: 1 }, { zip: SECRET }] }));
    expect(error.message).toContain("name");
    expect(error.message).toContain("lines.1.zip");
    expect(everythingIn(error)).not.toContain(SECRET);
  });
});
