import { describe, expect, it } from "vitest";
import { kindOf, quote } from "../../src/internal/describe.js";

describe("quote", () => {
  it("shows a string in quotes, on one line", () => {
    expect(quote("")).toBe('""');
    expect(quote('a "b"\n')).toBe('"a \\"b\\"\\n"');
    expect(quote("\ud800")).toBe('"\\ud800"');
    expect(quote("x".repeat(80))).toBe(`"${"x".repeat(80)}"`);
  });

  it("cuts a long string and shows its length, without splitting a character", () => {
    expect(quote("x".repeat(81))).toMatch(/^"x{70,80}"… \(81 characters\)$/);
    for (const lead of ["", "x"]) {
      const shown = quote(lead + "😀".repeat(100));
      expect(shown.isWellFormed()).toBe(true);
      expect(shown).not.toContain("\\ud83d");
      expect(shown.length).toBeLessThan(120);
    }
  });
});

describe("kindOf", () => {
  it.each([
    [null, "null"],
    [undefined, "undefined"],
    ["secret", "a string"],
    [5, "a number"],
    [5n, "a bigint"],
    [true, "a boolean"],
    [Symbol("secret"), "a symbol"],
    [() => "secret", "a function"],
    [["secret"], "an array of 1"],
    [{ secret: "secret" }, "an object"],
    [new Date(0), "an object"],
  ])("names the kind of %s, and nothing of its contents", (given, kind) => {
    expect(kindOf(given)).toBe(kind);
  });
});
