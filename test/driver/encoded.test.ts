import { describe, expect, it } from "vitest";
import { CodecError, OverflowError, TypeMismatchError } from "../../src/errors.js";
import { withoutGlobals } from "../support/globals.js";

const TEXTS = ["", "plain", "é😀", "\ufeffBOM", "\u0000"];

function shared(bytes: Uint8Array): Uint8Array {
  const view = new Uint8Array(new SharedArrayBuffer(bytes.length + 2), 1, bytes.length);
  view.set(bytes);
  return view;
}

/** The same bytes as every kind of array that a driver may answer with. */
function kinds(text: string): Uint8Array[] {
  const buffer = Buffer.from(text);
  const larger = Buffer.concat([Buffer.from("<"), buffer, Buffer.from(">")]);
  return [
    buffer,
    new Uint8Array(buffer),
    larger.subarray(1, -1),
    new Uint8Array(larger).subarray(1, -1),
    shared(buffer),
  ];
}

const encoded = () => import("../../src/driver/encoded.js");

describe.each([
  ["Node", await withoutGlobals([], encoded)],
  ["a browser, which has no Buffer", await withoutGlobals(["Buffer"], encoded)],
  ["jsdom, which hides TextEncoder", await withoutGlobals(["TextEncoder", "TextDecoder"], encoded)],
])("in %s", (_, { addCounter, parseCounter, sameBytes, toBytes, toText }) => {
  describe("toBytes", () => {
    it.each(TEXTS)("returns the UTF-8 of %j in a buffer of its own", (text) => {
      const bytes = toBytes(text);
      expect(Buffer.from(bytes).equals(Buffer.from(text))).toBe(true);
      expect(bytes.buffer.byteLength).toBe(bytes.byteLength);
    });

    it("returns bytes themselves", () => {
      const bytes = Uint8Array.of(0xff);
      expect(toBytes(bytes)).toBe(bytes);
    });
  });

  describe("toText", () => {
    it.each(TEXTS)("returns %j for the string and for any kind of bytes", (text) => {
      expect(toText(text)).toBe(text);
      for (const bytes of kinds(text)) expect(toText(bytes)).toBe(text);
    });

    it("throws for bytes that are not UTF-8", () => {
      for (const bytes of [Uint8Array.of(0xff), Buffer.of(0xc0, 0x80), shared(Uint8Array.of(0xed, 0xa0, 0x80))]) {
        expect(() => toText(bytes)).toThrow(CodecError);
      }
    });
  });

  describe("sameBytes", () => {
    it.each(TEXTS)("returns true for %j and itself in any form", (text) => {
      const forms = [text, ...kinds(text)];
      for (const a of forms) for (const b of forms) expect(sameBytes(a, b)).toBe(true);
    });

    it("returns false for different values in any form", () => {
      const a = ["one", ...kinds("one")];
      for (const other of ["", "on", "onE", "one ", "öne"]) {
        for (const x of a) for (const y of [other, ...kinds(other)]) expect(sameBytes(x, y)).toBe(false);
      }
    });

    it("returns false for bytes that are not text and their lossy decoding", () => {
      expect(sameBytes(Uint8Array.of(0xff), "\ufffd")).toBe(false);
      expect(sameBytes("\ufffd", Uint8Array.of(0xff))).toBe(false);
      expect(sameBytes("e\u0301", "é")).toBe(false);
    });
  });

  describe("parseCounter", () => {
    it.each(["0", "1", "-1", "42", "1000000", "9007199254740991", "-9007199254740991"])(
      "returns the number of %s",
      (text) => {
        expect(parseCounter(text)).toBe(Number(text));
        for (const bytes of kinds(text)) expect(parseCounter(bytes)).toBe(Number(text));
      },
    );

    it.each(["9007199254740992", "-9007199254740992", "9007199254740993", "1".repeat(400), `-${"9".repeat(30)}`])(
      "refuses %s as past the safe integers",
      (text) => {
        expect(() => parseCounter(text)).toThrow(OverflowError);
        expect(() => parseCounter(Buffer.from(text))).toThrow(OverflowError);
      },
    );

    it.each([
      "",
      " ",
      " 1",
      "1 ",
      "1\n",
      "+1",
      "-",
      "--1",
      "01",
      "00",
      "-0",
      "-01",
      "1.0",
      "1.",
      ".5",
      "1e3",
      "1e21",
      "0x1",
      "1_000",
      "1,000",
      "١",
      "１",
      "\ufeff1",
      "1\u0000",
      "NaN",
      "Infinity",
      "-Infinity",
      "null",
      "x",
      `0${"9".repeat(30)}`,
      `${"9".repeat(30)}.0`,
    ])("throws for %j, which is not a counter", (text) => {
      expect(() => parseCounter(text)).toThrow(TypeMismatchError);
      expect(() => parseCounter(Buffer.from(text))).toThrow(TypeMismatchError);
    });

    it("throws for bytes that are not text", () => {
      expect(() => parseCounter(Uint8Array.of(0x31, 0xb2))).toThrow(TypeMismatchError);
      expect(() => parseCounter(Uint8Array.of(0xff))).toThrow(TypeMismatchError);
    });
  });

  describe("addCounter", () => {
    const MAX = Number.MAX_SAFE_INTEGER;

    it.each([
      [0, 0, 0],
      [1, -1, 0],
      [-5, 3, -2],
      [MAX, 0, MAX],
      [MAX - 1, 1, MAX],
      [-MAX, MAX, 0],
      [MAX, -MAX, 0],
      [-MAX + 1, -1, -MAX],
    ])("returns the sum: %d and %d is %d", (count, delta, sum) => {
      expect(addCounter(count, delta)).toBe(sum);
    });

    it.each([
      [MAX, 1],
      [MAX, 2],
      [MAX, 3],
      [MAX, MAX],
      [-MAX, -1],
      [-MAX, -2],
      [-MAX, -MAX],
      [1, MAX],
    ])("throws if the sum of %d and %d is beyond the safe integers", (count, delta) => {
      expect(() => addCounter(count, delta)).toThrow(OverflowError);
    });
  });
});
