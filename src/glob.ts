import { InvalidPatternError } from "./errors.js";
import { kindOf, quote } from "./internal/describe.js";

/**
 * A parsed pattern, as it crosses the seam. The client matches every key itself; a driver may use
 * `prefix` to list fewer keys, and needs nothing else.
 */
export interface Pattern {
  /** As the user wrote it; `""` reads `"*"`. */
  readonly source: string;
  /** The text that every matching key starts with, escapes resolved; often empty. */
  readonly prefix: string;
  /** Whether the whole key matches. */
  matches(key: string): boolean;
}

/** Any run of code points, the empty one too: a `*`. */
export const ANY_RUN = Symbol("*");

/** One code point that passes a test (`?`, a class, a literal), or any run of them. */
export type Token = typeof ANY_RUN | ((codePoint: number) => boolean);

const anyOne = (): boolean => true;

/**
 * Parses a pattern: `*` any run (it crosses `/` too), `?` one code point, `[abc]` `[a-z]` `[^a]` classes,
 * `\x` a literal x. In a class, `-` at either end is itself, and so is `!`.
 *
 * The syntax is that of Redis's `KEYS`, without its leniency towards malformed patterns.
 *
 * @throws InvalidPatternError when it is malformed: `[a`, `[]`, `[^]`, a trailing `\`, `[z-a]`.
 * @see https://redis.io/docs/latest/commands/keys/
 */
export function parsePattern(source: string): Pattern {
  if (typeof source !== "string") throw new InvalidPatternError(`a pattern is a string; given was ${kindOf(source)}`);
  const { tokens, prefix } = parse(source === "" ? "*" : source);
  return { source: source === "" ? "*" : source, prefix, matches: (key) => matchTokens(tokens, key) };
}

/**
 * Whether the tokens match the whole key. A mismatch goes back to the last `*` only, which then takes one
 * code point more, so that the tests made never exceed key length times pattern length.
 */
export function matchTokens(tokens: readonly Token[], key: string): boolean {
  let at = 0; // in the key
  let next = 0; // in the tokens
  let retryAt = -1; // where the last * goes on taking, once it has been met
  let retryNext = 0;
  while (at < key.length) {
    const token = tokens[next];
    if (token === ANY_RUN) {
      if (next === tokens.length - 1) return true;
      retryAt = at;
      retryNext = ++next;
      continue;
    }
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

/** @internal Exported for the test that counts steps. */
export function parse(source: string): { tokens: Token[]; prefix: string } {
  const malformed = (why: string): never => {
    throw new InvalidPatternError(
      `pattern ${quote(source)} is malformed: ${why}; allowed are *, ?, [abc], [a-z], [^a] and \\ before a literal`,
    );
  };
  if (!source.isWellFormed()) malformed("it holds half of a surrogate pair");
  const characters = Array.from(source);
  let at = 0;
  /** The character here, an escape resolved; steps over it. */
  const literal = (): number => {
    if (characters[at] === "\\") at++;
    const character = characters[at++] ?? malformed("it ends in a \\");
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
      else if (character === "?") tokens.push(anyOne);
      else if (tokens.at(-1) !== ANY_RUN) tokens.push(ANY_RUN);
    } else {
      const wanted = literal();
      if (literalSoFar) prefix += String.fromCodePoint(wanted);
      tokens.push((codePoint) => codePoint === wanted);
    }
  }
  return { tokens, prefix };
}

function width(codePoint: number): 1 | 2 {
  return codePoint > 0xffff ? 2 : 1;
}
