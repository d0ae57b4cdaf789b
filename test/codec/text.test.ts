import { describe, expect, it } from "vitest";
import { Client } from "../../src/client/client.js";
import { bytes } from "../../src/codec/bytes.js";
import { text } from "../../src/codec/text.js";
import { CodecError } from "../../src/errors.js";
import { rejection } from "../support/promises.js";

const open = () => new Client("app", "notes", { codec: text });

describe("the text codec", () => {
  it.each(["", " ", "plain", "é", "e\u0301", "😀", "\u0000", "\n", "\ufeff", "\ufeffafter a BOM", "\uffff", "\ufffd"])(
    "stores %j as UTF-8 and returns it unchanged",
    async (value) => {
      const client = open();
      const raw = client.withCodec(bytes);
      await client.set("a", value);
      expect(await client.get("a")).toBe(value);
      expect(await raw.get("a")).toEqual(new Uint8Array(Buffer.from(value)));
      await raw.set("b", Buffer.from(value));
      expect(await client.get("b")).toBe(value);
    },
  );

  it.each(["\ud800", "\udfff", "a\ud83d", "\ude00\ud83d", "\ud83d\ud83d\ude00"])(
    "refuses the lone surrogate in %j, in every call",
    async (value) => {
      const client = open();
      for (const call of [
        client.set("a", value),
        client.setNX("a", value),
        client.getSet("a", value),
        client.mSet({ a: value }),
        client.compareAndSwap("a", value, "x"),
        client.compareAndSwap("a", "x", value),
        client.compareAndDelete("a", value),
        client.getOrSet("a", () => value),
      ]) {
        const error = await rejection(call);
        expect(error).toBeInstanceOf(CodecError);
        expect(error.message).toContain("lone surrogate");
      }
      expect(await client.exists("a")).toBe(false);
    },
  );

  it.each([
    ["a byte that never occurs in UTF-8", [0xff]],
    ["a truncated character", [0xf0, 0x9f, 0x98]],
    ["an overlong form", [0xc0, 0x80]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a code point above Unicode's", [0xf4, 0x90, 0x80, 0x80]],
    ["valid text followed by an invalid byte", [0x61, 0x62, 0xfe]],
  ])("refuses to read %s", async (_name, stored) => {
    const client = open();
    await client.withCodec(bytes).set("a", Uint8Array.from(stored));
    await expect(client.get("a")).rejects.toBeInstanceOf(CodecError);
    await expect(client.find("a")).rejects.toMatchObject({ operation: "find", key: "a" });
  });

  it.each([
    ["a number", 5],
    ["an object", { toString: () => "x" }],
    ["an object", new String("x")],
    ["an object", Buffer.from("x")],
    ["null", null],
    ["undefined", undefined],
  ])("refuses %s", async (kind, value) => {
    expect(() => text.encode(value as never)).toThrow(CodecError);
    expect(() => text.encode(value as never)).toThrow(kind);
    await expect(open().set("a", value as never)).rejects.toBeInstanceOf(CodecError);
  });
});
