import { describe, expect, it } from "vitest";
import { withoutGlobals } from "../support/globals.js";

const size = () => import("../../src/memory/size.js");

describe.each([
  ["Node", await withoutGlobals([], size)],
  ["a browser, which has no Buffer", await withoutGlobals(["Buffer"], size)],
])("in %s", (_, { sizeOf }) => {
  it.each(["", "plain", "é", "€", "😀", "\ufeff", "a\u0080\u07ff\u0800\ud7ff\ue000\uffff😀".repeat(9), "x".repeat(99)])(
    "the size of the string %j is that of its UTF-8",
    (text) => {
      expect(sizeOf(text)).toBe(new TextEncoder().encode(text).byteLength);
    },
  );

  it("the size of bytes is their number", () => {
    expect(sizeOf(Uint8Array.of(1, 2, 3).subarray(1))).toBe(2);
  });
});
