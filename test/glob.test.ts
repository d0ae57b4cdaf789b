import { describe, expect, it } from "vitest";
import { InvalidPatternError } from "../src/errors.js";
import { ANY_RUN, matchTokens, parse, parsePattern, type Token } from "../src/glob.js";
import { stepsOf } from "./support/glob.js";

const matches = (pattern: string, key: string): boolean => parsePattern(pattern).matches(key);

describe("a pattern", () => {
  it.each<[string, string[], string[]]>([
    ["", ["a", "a/b", "😀"], []],
    ["*", ["a", "a/b", "\n", "😀"], []],
    ["**", ["a", "ab"], []],
    ["a", ["a"], ["", "A", "ab", "ba", "aa"]],
    ["a*", ["a", "ab", "a/b/c", "a\nb"], ["ba", "A"]],
    ["*a", ["a", "ba", "aaa"], ["ab", "b"]],
    ["a*b", ["ab", "aab", "abb", "a/x:y/b"], ["a", "b", "aba"]],
    ["a**b", ["ab", "axb"], ["a"]],
    ["*a*", ["a", "xax", "aa"], ["b"]],
    ["*ab*ab*", ["abab", "xabyabz", "ababab"], ["ab", "aab", "aba"]],
    ["?", ["a", "😀", "\ud83d\ude00", "\n", "é"], ["ab", "e\u0301"]],
    ["??", ["ab", "😀a", "😀😀"], ["a", "😀", "abc"]],
    ["a?c", ["abc", "a😀c", "a?c", "a/c"], ["ac", "abbc"]],
    ["?*", ["a", "ab"], []],
    ["*?", ["a", "ab"], []],
    ["[abc]", ["a", "b", "c"], ["d", "ab", "[abc]"]],
    ["[a-c]", ["a", "b", "c"], ["d", "-", "B"]],
    ["[a-a]", ["a"], ["b", "-"]],
    ["[a-cx-z]", ["a", "c", "x", "z"], ["d", "w", "-"]],
    ["[^a]", ["b", "^", "😀"], ["a", "bb"]],
    ["[^a-c]", ["d", "-"], ["a", "b", "c"]],
    ["[^^]", ["a"], ["^"]],
    ["[a^]", ["a", "^"], ["b"]],
    ["[-a]", ["-", "a"], ["b"]],
    ["[a-]", ["-", "a"], ["b"]],
    ["[^-a]", ["b"], ["-", "a"]],
    ["[-]", ["-"], ["a"]],
    ["[--0]", ["-", ".", "/", "0"], ["1", ","]],
    ["[!a]", ["!", "a"], ["b"]],
    ["[!]", ["!"], ["a"]],
    ["[*]", ["*"], ["a"]],
    ["[?]", ["?"], ["a"]],
    ["[[]", ["["], ["a"]],
    ["[\\]]", ["]"], ["\\", "a"]],
    ["[\\\\]", ["\\"], ["a"]],
    ["[\\^a]", ["^", "a"], ["b"]],
    ["[a\\-c]", ["a", "-", "c"], ["b"]],
    ["[\\a-\\c]", ["a", "b", "c"], ["\\"]],
    ["[+-\\]]", ["+", "A", "]"], ["^", "a"]],
    ["[😀-😂]", ["😀", "😁", "😂"], ["😃", "\ud83d"]],
    ["[a😀]", ["a", "😀"], ["b"]],
    ["[^a]b", ["😀b"], ["ab", "b"]],
    ["\\*", ["*"], ["a", "\\*"]],
    ["\\?", ["?"], ["a"]],
    ["\\[a]", ["[a]"], ["a"]],
    ["\\\\", ["\\"], ["\\\\"]],
    ["\\a", ["a"], ["\\a"]],
    ["\\😀*", ["😀", "😀a"], ["a"]],
    ["a]b", ["a]b"], ["ab"]],
    ["]", ["]"], ["a"]],
    ["{a,b}", ["{a,b}"], ["a", "b"]],
    ["!(a)", ["!(a)"], ["b"]],
    ["^a$", ["^a$"], ["a"]],
    ["a.c", ["a.c"], ["abc"]],
    ["user:*:name", ["user:1:name", "user:1:2:name", "user::name"], ["user:name", "user:1:names"]],
    ["é", ["é"], ["e\u0301"]],
    ["__proto__", ["__proto__"], ["toString"]],
  ])("%j matches the whole of %j, and not %j", (pattern, yes, no) => {
    for (const key of yes) expect(matches(pattern, key), key).toBe(true);
    for (const key of no) expect(matches(pattern, key), key).toBe(false);
  });

  it.each([
    "[",
    "[a",
    "[^",
    "[^a",
    "[]",
    "[^]",
    "[]a]",
    "[^]a]",
    "\\",
    "a\\",
    "[\\",
    "[a\\",
    "[a\\]",
    "[a-",
    "[a-\\",
    "[a-b",
  ])("%j is malformed", (pattern) => {
    for (const source of [pattern, `a*${pattern}`]) {
      expect(() => parsePattern(source)).toThrow(InvalidPatternError);
      expect(() => parsePattern(source)).toThrow(JSON.stringify(source));
      expect(() => parsePattern(source)).toThrow("allowed");
    }
  });

  it.each(["[z-a]", "[b-a]", "[^b-a]", "[a-c9-0]", "[😂-😀]", "[\\b-\\a]", "[a-\\!]"])(
    "%j is malformed: a range runs backwards",
    (pattern) => {
      expect(() => parsePattern(pattern)).toThrow(InvalidPatternError);
      expect(() => parsePattern(pattern)).toThrow("backwards");
    },
  );

  it.each(["\ud800", "*\udc00", "[\ud800]", "\\\ud800", "\udc00\ud800"])(
    "%j is malformed: it holds a lone surrogate",
    (pattern) => {
      expect(() => parsePattern(pattern)).toThrow(InvalidPatternError);
    },
  );

  it("must be a string", () => {
    for (const given of [null, undefined, 5, {}, ["*"], /a/, new String("*")]) {
      expect(() => parsePattern(given as never)).toThrow(InvalidPatternError);
    }
  });

  it("has its source, which is * for the empty one", () => {
    expect(parsePattern("a*").source).toBe("a*");
    expect(parsePattern("").source).toBe("*");
  });

  it.each([
    ["", ""],
    ["*", ""],
    ["a*", "a"],
    ["abc", "abc"],
    ["ab?c", "ab"],
    ["ab[c]d", "ab"],
    ["a\\*b*c", "a*b"],
    ["\\[a]\\\\*", "[a]\\"],
    ["😀?", "😀"],
    ["\\😀b", "😀b"],
    ["?a", ""],
  ])("%j has the literal prefix %j", (pattern, prefix) => {
    expect(parsePattern(pattern).prefix).toBe(prefix);
  });
});

describe("matching takes at most key length times pattern length steps", () => {
  it.each([
    ["*a*a*a*b", "a".repeat(200)],
    ["*a*a*a*a*a*a*a*a*a*a*a*a*b", "a".repeat(200)],
    [`${"*a".repeat(50)}*b`, "a".repeat(500)],
    [`*${"a".repeat(50)}b`, "a".repeat(500)],
    [`*${"[a-z]".repeat(20)}0`, "a".repeat(500)],
    [`${"*?".repeat(50)}b`, "a".repeat(500)],
    ["*[abcdefghijklmnopqrstuvwxyz]*[abcdefghijklmnopqrstuvwxyz]*0", "z".repeat(500)],
    ["*😀*😀*b", "😀".repeat(200)],
    ["*aab", "aa".repeat(300)],
    ["a*b*c*d*e*f*g", "abcdef".repeat(80)],
    ["*ab*ab*ab*ac", "ab".repeat(200)],
    // A backtracking matcher would not end here.
    [`${"*a".repeat(200)}*b`, "a".repeat(20_000)],
  ])("for %.40s", (pattern, key) => {
    const { steps, matched } = stepsOf(pattern, key);
    expect(matched).toBe(false);
    expect(steps).toBeLessThanOrEqual(Array.from(key).length * Array.from(pattern).length);
  });
});

describe("parse", () => {
  it("merges a run of * into one", () => {
    expect(parse("***").tokens).toEqual([ANY_RUN]);
    expect(parse("*a**b***").tokens.filter((token) => token === ANY_RUN)).toHaveLength(3);
  });
});

describe("matchTokens", () => {
  it("matches no tokens with the empty key only", () => {
    const none: Token[] = [];
    expect(matchTokens(none, "")).toBe(true);
    expect(matchTokens(none, "a")).toBe(false);
    expect(matchTokens([ANY_RUN], "")).toBe(true);
  });
});
