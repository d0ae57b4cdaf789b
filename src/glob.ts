import { InvalidPatternError } from "./errors.js";
import { kindOf, quote } from "./internal/describe.js";

/**
 * A parsed glob pattern, as the client passes it to a driver. The client matches every key itself. A driver may use
 * `prefix` to list fewer keys, and needs nothing else.
 */
export interface Pattern {
  /** The pattern as the user wrote it; `""` becomes `"*"`. */
  readonly source: string;
  /** The string that every matching key starts with, without escapes; often empty. */
  readonly prefix: string;
  /** Returns whether the whole key matches. */
  matches(key: string): boolean;
}

/**
 * Parses a pattern: `*` is any run of characters (`/` included), `?` is one code point, `[abc]`, `[a-z]` and `[^a]` are
 * classes, and `\x` is a literal x. In a class, `-` at either end is literal, and so is `!`.
 *
 * The syntax is that of Redis's `KEYS`, but malformed patterns are refused.
 *
 * @throws InvalidPatternError when it is malformed: `[a`, `[]`, `[^]`, a trailing `\`, `[z-a]`.
 * @see https://redis.io/docs/latest/commands/keys/
 */
export function parsePattern(source: string): Pattern {
  if (typeof source !== "string") {
    throw new InvalidPatternError(`the pattern is ${kindOf(source)}; allowed is a string`);
  }
  const { tokens, prefix } = parse(source === "" ? "*" : source);
  return { source: source === "" ? "*" : source, prefix, matches: (key) => matchTokens(tokens, key) };
}

/** A `*`: any run of code points, also an empty one. */
export const ANY_RUN = Symbol("*");

/** A `*`, or a test of one code point: a `?`, a class or a literal. */
export type Token = typeof ANY_RUN | ((codePoint: number) => boolean);

/**
 * Returns whether the tokens match the whole key. After a mismatch, only the last `*` is retried with one more code
 * point. So the number of tests is at most the length of the key times that of the pattern.
 */
export function matchTokens(tokens: readonly Token[], key: string): boolean {
  let at = 0; // in the key
  let next = 0; // in the tokens
  let retryAt = -1; // in the key: where the run of the last * ends; -1 before the first *
  let retryNext = 0; // in the tokens: after the last *
  while (at < key.length) {
    const token = tokens[next];
    if (token === ANY_RUN) {
      if (next === tokens.length - 1) return true;
      retryAt = at;
      retryNext = ++next;
      continue;
    }
    // Both positions are within the key, here and below.
    const codePoint = key.codePointAt(at) as number;
    if (token?.(codePoint)) {
      at += width(codePoint);
      next++;
    } else if (retryAt >= 0) {
      retryAt += width(key.codePointAt(retryAt) as number);
      at = retryAt;
      next = retryNext;
    } else {
      return false;
    }
  }
  while (tokens[next] === ANY_RUN) next++;
  return next === tokens.length;
}

/**
 * Parses a pattern into its tokens and its literal prefix.
 *
 * @internal Exported for the test that counts steps.
 */
export function parse(source: string): { tokens: Token[]; prefix: string } {
  const malformed = (why: string): never => {
    throw new InvalidPatternError(
      `pattern ${quote(source)} is malformed: ${why}; allowed are *, ?, [abc], [a-z], [^a] and \\ before a literal`,
    );
  };
  if (!source.isWellFormed()) malformed("it holds a lone surrogate");
  const characters = Array.from(source);
  let at = 0;
  /** Consumes one character, with its escape, and returns its code point. */
  const literal = (): number => {
    if (characters[at] === "\\") at++;
    const character = characters[at++] ?? malformed("it ends in a \\");
    // A character is never empty.
    return character.codePointAt(0) as number;
  };

  const characterClass = (): Token => {
    const negated = characters[at] === "^";
    if (negated) at++;
    const ranges: (readonly [from: number, to: number])[] = [];
    while (characters[at] !== "]") {
      if (at >= characters.length) malformed("a [ has no ]");
      const from = literal();
      let to = from;
      if (characters[at] === "-" && at + 1 < characters.length && characters[at + 1] !== "]") {
        at++;
        to = literal();
      }
      if (from > to) malformed(`the range ${String.fromCodePoint(from)}-${String.fromCodePoint(to)} runs backwards`);
      ranges.push([from, to]);
    }
    at++;
    if (ranges.length === 0) malformed("a class is empty");
    return (codePoint) => ranges.some(([from, to]) => from <= codePoint && codePoint <= to) !== negated;
  };

  const tokens: Token[] = [];
  let prefix = "";
  let literalSoFar = true;
  while (at < characters.length) {
    const character = characters[at];
    if (character === "*" || character === "?" || character === "[") {
      literalSoFar = false;
      at++;
      if (character === "[") tokens.push(characterClass());
      else if (character === "?") tokens.push(anyCodePoint);
      else if (tokens.at(-1) !== ANY_RUN) tokens.push(ANY_RUN);
    } else {
      const wanted = literal();
      if (literalSoFar) prefix += String.fromCodePoint(wanted);
      tokens.push((codePoint) => codePoint === wanted);
    }
  }
  return { tokens, prefix };
}

const anyCodePoint = (): boolean => true;

/** Returns the number of UTF-16 units of a code point. */
function width(codePoint: number): 1 | 2 {
  return codePoint > 0xffff ? 2 : 1;
}
