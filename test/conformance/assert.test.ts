import { describe, expect, it } from "vitest";
import * as assert from "../../src/testing/assert.js";

/** What a failed assertion throws. */
function failure(check: () => void): assert.AssertionError {
  try {
    check();
  } catch (error) {
    expect(error).toBeInstanceOf(assert.AssertionError);
    return error as assert.AssertionError;
  }
  throw new Error("the assertion did not fail");
}

const equalPairs: [unknown, unknown][] = [
  [Number.NaN, Number.NaN],
  [
    [1, "a"],
    [1, "a"],
  ],
  [new Map([["a", [1]]]), new Map([["a", [1]]])],
  [
    new Map([
      ["a", 1],
      ["b", 2],
    ]),
    new Map([
      ["b", 2],
      ["a", 1],
    ]),
  ],
  [new Set(["a", "b"]), new Set(["b", "a"])],
  [Uint8Array.of(1, 2), Uint8Array.of(1, 2)],
  [
    { a: 1, b: { c: undefined } },
    { b: { c: undefined }, a: 1 },
  ],
];

const differences: [actual: unknown, expected: unknown, message: string][] = [
  [0, -0, "expected -0; got 0"],
  [1n, 2n, "expected 2n; got 1n"],
  ["a", undefined, 'expected undefined; got "a"'],
  [null, { a: 1 }, "expected { a: 1 }; got null"],
  [[1, 2, 3], [1, 5, 3], "expected 5 at [1]; got 2"],
  [[1], [1, 2], "expected [1, 2]; got [1]"],
  [new Map([["a", "1"]]), new Map([["a", "2"]]), 'expected "2" at ["a"]; got "1"'],
  [new Map([["a", "1"]]), new Map(), 'expected undefined at ["a"]; got "1"'],
  [new Map(), new Map([["a", "1"]]), 'expected "1" at ["a"]; got undefined'],
  [new Set([1]), new Set([2]), "expected Set(1) { 2 }; got Set(1) { 1 }"],
  [{ a: { b: 1 } }, { a: { b: 2 } }, 'expected 2 at ["a"]["b"]; got 1'],
  [Uint8Array.of(1), Uint8Array.of(2), "expected 2 at [0]; got 1"],
  [Buffer.of(1), Uint8Array.of(1), "expected Uint8Array(1) [1]; got Buffer(1) [1]"],
  [new Error("one"), new Error("one"), "expected Error: one; got Error: one"],
  [[[[["deep"]]]], [], "expected []; got [[[…]]]"],
  [new Map([["a", 1]]), [], 'expected []; got Map(1) { "a" => 1 }'],
];

describe("the suite's assertions", () => {
  it.each(equalPairs)("accept equal content: %o and %o", (actual, expected) => {
    expect(() => assert.deepEqual(actual, expected)).not.toThrow();
  });

  it.each(differences)("name the first difference between %o and %o", (actual, expected, message) => {
    const error = failure(() => assert.deepEqual(actual, expected));
    expect(error.message).toBe(message);
    // Runners show a difference by these.
    expect(error).toMatchObject({ name: "AssertionError", code: "ERR_ASSERTION", actual, expected });
    expect(failure(() => assert.deepEqual(actual, expected, "call 7")).message).toBe(`call 7: ${message}`);
  });

  it("compare one value", () => {
    assert.equal("a", "a");
    expect(failure(() => assert.equal("a", "b")).message).toBe('expected "b"; got "a"');
    expect(failure(() => assert.equal("a", "b", "they differ")).message).toBe("they differ");
  });

  it("check a condition, a pattern, and what is thrown", () => {
    assert.ok(1);
    expect(failure(() => assert.ok(0)).message).toBe("a condition does not hold");
    expect(failure(() => assert.ok("", "it is empty")).message).toBe("it is empty");
    assert.match("abc", /b/);
    expect(failure(() => assert.match("abc", /x/)).message).toBe('expected a match of /x/; got "abc"');
    expect(failure(() => assert.match(1, /1/)).message).toBe("expected a match of /1/; got 1");
    assert.throws(() => {
      throw new RangeError("far");
    }, RangeError);
    expect(failure(() => assert.throws(() => {}, RangeError)).message).toBe(
      "expected RangeError to be thrown; got undefined",
    );
    expect(failure(() => assert.fail("enough")).message).toBe("enough");
  });

  it("show long values in part", () => {
    expect(assert.show("a".repeat(1_000))).toBe(`"${"a".repeat(399)}… (1002 characters)`);
    expect(assert.show(Array.from({ length: 30 }, (_, at) => at))).toMatch(/, 19, …\]$/);
  });
});
