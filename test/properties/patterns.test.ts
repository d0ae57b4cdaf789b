import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidPatternError } from "../../src/errors.js";
import { parsePattern } from "../../src/glob.js";
import { matchesByTable, stepsOf } from "../support/glob.js";
import { checkProperty, PROPERTY_TIMEOUT } from "./check-property.js";

const RUNS = 5_000;

/** Few characters, so that patterns and keys often match; some have two UTF-16 units, some are special in patterns. */
const CHARACTERS = ["a", "b", "c", "😀", "😁", "-", "^", "!", "]", "[", "*", "?", "\\", "/", ":"];
const character = fc.constantFrom(...CHARACTERS);
const key = fc.array(character, { minLength: 1, maxLength: 12 }).map((characters) => characters.join(""));

/** A character inside a class, escaped where it must be and sometimes elsewhere. */
const member = fc
  .tuple(character, fc.boolean())
  .map(([one, escaped]) => (escaped || "]\\-^".includes(one) ? `\\${one}` : one));
const range = fc.tuple(character, character).map(([a, b]) => {
  const [from, to] = (a.codePointAt(0) ?? 0) <= (b.codePointAt(0) ?? 0) ? [a, b] : [b, a];
  return `\\${from}-\\${to}`;
});
const characterClass = fc
  .tuple(fc.boolean(), fc.array(fc.oneof(member, range), { minLength: 1, maxLength: 4 }), fc.constantFrom("", "", "-"))
  .map(([negated, members, dash]) => `[${negated ? "^" : ""}${members.join("")}${dash}]`);
const part = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("*", "*", "?") },
  { weight: 4, arbitrary: fc.constantFrom("a", "b", "c", "😀", "/", ":", "]", "-", "^", "!") },
  { weight: 2, arbitrary: character.map((one) => `\\${one}`) },
  { weight: 3, arbitrary: characterClass },
);
const pattern = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(""));

describe("any well-formed pattern", { timeout: PROPERTY_TIMEOUT }, () => {
  it("matches the keys that a table of its parts and their code points matches", async () => {
    let matched = 0;
    const tried = await checkProperty(
      fc.property(pattern, key, (pattern, key) => {
        const expected = matchesByTable(pattern, key);
        if (expected) matched++;
        expect(parsePattern(pattern).matches(key)).toBe(expected);
      }),
      { runs: RUNS },
    );
    expect(matched).toBeGreaterThan(tried / 50);
  });

  it("matches the key that it was derived from", async () => {
    const made = fc.array(
      fc.oneof(
        character.map((one) => [`\\${one}`, one] as const),
        character.map((one) => ["?", one] as const),
        character.map((one) => [`[\\${one}]`, one] as const),
        fc.array(character, { maxLength: 3 }).map((run) => ["*", run.join("")] as const),
      ),
      { minLength: 1, maxLength: 10 },
    );
    await checkProperty(
      fc.property(made, (parts) => {
        const key = parts.map(([, text]) => text).join("");
        fc.pre(key !== "");
        expect(parsePattern(parts.map(([source]) => source).join("")).matches(key)).toBe(true);
      }),
      { runs: RUNS / 5 },
    );
  });

  it("matches only keys that start with its literal prefix", async () => {
    await checkProperty(
      fc.property(pattern, key, (source, key) => {
        const { prefix, matches } = parsePattern(source);
        if (matches(key)) expect(key.startsWith(prefix)).toBe(true);
      }),
      { runs: RUNS },
    );
  });

  it("takes at most key length times pattern length steps", async () => {
    const narrow = fc.constantFrom("*", "a", "b", "?", "[ab]", "[^b]", "\\a", "😀");
    const nested = fc.array(narrow, { minLength: 1, maxLength: 12 }).map((parts) => parts.join(""));
    const repetitive = fc
      .array(fc.constantFrom("a", "a", "a", "b", "😀"), { minLength: 1, maxLength: 60 })
      .map((characters) => characters.join(""));
    await checkProperty(
      fc.property(fc.oneof(nested, pattern), fc.oneof(repetitive, key), (pattern, key) => {
        const { steps } = stepsOf(pattern, key);
        expect(steps).toBeLessThanOrEqual(Array.from(key).length * Array.from(pattern).length);
      }),
      { runs: RUNS },
    );
  });
});

describe("any string", { timeout: PROPERTY_TIMEOUT }, () => {
  it("is either a pattern or refused with an InvalidPatternError", async () => {
    const anything = fc.oneof(
      // Not `fc.string({ unit: "binary" })`: creating it takes a second.
      fc.array(fc.integer({ min: 0, max: 0x10ffff })).map((codePoints) => String.fromCodePoint(...codePoints)),
      fc.array(fc.constantFrom(...CHARACTERS, "\ud800", "\udc00")).map((characters) => characters.join("")),
    );
    await checkProperty(
      fc.property(anything, key, (source, key) => {
        try {
          expect(typeof parsePattern(source).matches(key)).toBe("boolean");
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidPatternError);
        }
      }),
      { runs: RUNS },
    );
  });

  it("matches itself and nothing else when every character is escaped", async () => {
    const word = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => text.isWellFormed());
    await checkProperty(
      fc.property(word, word, (text, other) => {
        const escaped = Array.from(text, (one) => `\\${one}`).join("");
        expect(parsePattern(escaped).matches(text)).toBe(true);
        expect(parsePattern(escaped).matches(other)).toBe(other === text);
        expect(parsePattern(escaped).prefix).toBe(text);
      }),
      { runs: RUNS / 5 },
    );
  });
});
