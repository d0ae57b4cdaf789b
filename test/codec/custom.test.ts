import { deserialize, serialize } from "node:v8";
import { describe, expect, it, vi } from "vitest";
import { Client } from "../../src/client/client.js";
import { bytes } from "../../src/codec/bytes.js";
import type { Codec } from "../../src/codec/codec.js";
import { text } from "../../src/codec/text.js";
import { CodecError, DriverError } from "../../src/errors.js";
import { driverWhere, recording } from "../support/driver.js";
import { rejection } from "../support/promises.js";

const date: Codec<Date> = {
  format: "text",
  encode: (value) => value.toISOString(),
  decode: (stored) => new Date(stored),
};

describe("a custom codec", () => {
  it("may write strings, which the driver receives as strings", async () => {
    const { driver, calls } = recording();
    const client = new Client("app", "logins", { driver, codec: date });
    await client.set("a", new Date(0));
    expect(calls[0]?.args[2]).toBe("1970-01-01T00:00:00.000Z");
    expect(await client.get("a")).toEqual(new Date(0));
    expect(await client.compareAndSwap("a", new Date(0), new Date(1))).toBe(true);
  });

  it("that declares that it copies may write bytes, which the driver receives uncopied", async () => {
    const { driver, calls } = recording();
    const encoded = Uint8Array.of(1, 2);
    const decode = vi.fn((stored: Uint8Array) => new Set(stored));
    const codec: Codec<ReadonlySet<number>> = { format: "bytes", copies: true, encode: () => encoded, decode };
    const client = new Client("app", "flags", { driver, codec });
    await client.set("a", new Set([1, 2]));
    expect(calls[0]?.args[2]).toBe(encoded);
    expect(await client.get("a")).toEqual(new Set([1, 2]));
    expect(decode.mock.calls[0]?.[0]).toBe(driver.get(client.prefix, "a"));
  });

  describe("that returns views", () => {
    /** It encodes an array as its own memory, and decodes to a view of what it receives. */
    const views: Codec<Uint16Array> = {
      format: "bytes",
      encode: (value) => new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
      decode: (stored) => new Uint16Array(stored.buffer, stored.byteOffset, stored.byteLength / 2),
    };
    const structured: Codec<Uint16Array> = { format: "bytes", encode: serialize, decode: deserialize };

    it.each([
      ["of its own", views],
      ["by v8.deserialize", structured],
    ])("shares no memory with the store in any call: %s", async (_name, codec) => {
      const client = new Client("app", "views", { codec });
      const [zero, one] = [Uint16Array.of(0), Uint16Array.of(1)];
      await client.set("set", one);
      await client.setNX("setNX", one);
      await client.getSet("getSet", one);
      await client.mSet({ mSet: one });
      await client.set("swap", zero);
      await client.compareAndSwap("swap", zero, one);
      await client.getOrSet("getOrSet", () => one);
      one.fill(9);
      const keys = ["set", "setNX", "getSet", "mSet", "swap", "getOrSet"];
      for (const key of keys) {
        (await client.get(key)).fill(9);
        (await client.find(key))?.fill(9);
        (await client.mGet([key])).get(key)?.fill(9);
        (await client.getOrSet(key, () => zero)).fill(9);
        expect(await client.get(key), key).toEqual(Uint16Array.of(1));
        (await client.getSet(key, Uint16Array.of(2)))?.fill(9);
        expect(await client.get(key), key).toEqual(Uint16Array.of(2));
      }
    });

    it("keeps the values of a driver that returns the same bytes again and again", async () => {
      const stored = Uint8Array.of(1, 0);
      const client = new Client("app", "views", { driver: driverWhere(() => stored), codec: views });
      (await client.get("a")).fill(9);
      expect(stored).toEqual(Uint8Array.of(1, 0));
    });
  });

  it("reads the format that it declares, whichever is stored", async () => {
    const origin = new Client("app", "both", { codec: text });
    await origin.set("text", "é");
    await origin.withCodec(bytes).set("bytes", Buffer.from("é"));
    const asText = { format: "text", encode: String, decode: vi.fn((stored: string) => stored) } as const;
    const asBytes = { format: "bytes", encode: () => new Uint8Array(), decode: vi.fn((b: Uint8Array) => b) } as const;
    for (const key of ["text", "bytes"]) {
      await origin.withCodec(asText).get(key);
      await origin.withCodec(asBytes).get(key);
    }
    expect(asText.decode.mock.calls).toEqual([["é"], ["é"]]);
    expect(asBytes.decode.mock.calls.map(([stored]) => Buffer.from(stored).toString())).toEqual(["é", "é"]);
  });

  it("is called with itself as this", async () => {
    class Shifted {
      readonly format = "text";
      readonly #by = 1;
      encode(value: number): string {
        return String(value + this.#by);
      }
      decode(stored: string): number {
        return Number(stored) - this.#by;
      }
    }
    const client = new Client("app", "numbers", { codec: new Shifted() });
    await client.set("a", 41);
    expect(await client.get("a")).toBe(41);
    expect(await client.withCodec(text).get("a")).toBe("42");
  });

  it("may throw a CodecError whose message the caller sees", async () => {
    const refusing: Codec<string> = {
      format: "text",
      encode: () => {
        throw new CodecError("only on Sundays");
      },
      decode: () => {
        throw new CodecError("unreadable since 2020");
      },
    };
    const client = new Client("app", "notes", { codec: refusing });
    await client.withCodec(text).set("b", "x");
    expect(await rejection(client.set("a", "x"))).toMatchObject({
      code: "ERR_CODEC",
      operation: "set",
      key: "a",
      message: 'set "a": only on Sundays',
    });
    expect(await rejection(client.get("b"))).toMatchObject({ message: 'get "b": unreadable since 2020' });
  });

  it.each([
    ["an Error", new TypeError("no")],
    ["another NamestoreError", new DriverError("no")],
    ["a string", "no"],
    ["undefined", undefined],
  ])("that throws %s rejects the call with a CodecError without a cause", async (_name, thrown) => {
    const throwing: Codec<string> = {
      format: "bytes",
      encode: () => {
        throw thrown;
      },
      decode: () => {
        throw thrown;
      },
    };
    const client = new Client("app", "notes", { codec: throwing });
    await client.withCodec(text).set("b", "x");
    for (const call of [client.set("a", "x"), client.get("b")]) {
      const error = await rejection<CodecError>(call);
      expect(error).toBeInstanceOf(CodecError);
      expect(error.cause).toBeUndefined();
    }
  });

  it.each([
    ["a text codec that returns bytes", "text", Uint8Array.of(1), "an object"],
    ["a text codec that returns undefined", "text", undefined, "undefined"],
    ["a text codec that returns a promise", "text", Promise.resolve("x"), "an object"],
    ["a text codec that returns a lone surrogate", "text", "\ud800", "lone surrogate"],
    ["a bytes codec that returns a string", "bytes", "x", "a string"],
    ["a bytes codec that returns an array", "bytes", [1], "an array"],
    ["a bytes codec that returns an ArrayBuffer", "bytes", new ArrayBuffer(1), "an object"],
  ])("is refused where it returns another format than it declares: %s", async (_name, format, encoded, shown) => {
    const { driver, calls } = recording();
    const codec = { format, encode: () => encoded, decode: () => "" } as never as Codec<string>;
    const error = await rejection<CodecError>(new Client("app", "notes", { driver, codec }).set("a", "x"));
    expect(error).toBeInstanceOf(CodecError);
    expect(error.message).toContain(shown);
    expect(calls).toEqual([]);
  });
});
