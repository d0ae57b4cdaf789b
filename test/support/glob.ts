import { ANY_RUN, matchTokens, parse, type Token } from "../../src/glob.js";

/**
 * Returns whether a well-formed pattern matches the whole key. Written from the documented rules alone, as a table over
 * the parts of the pattern and the code points of the key.
 */
export function matchesByTable(pattern: string, key: string): boolean {
  const parts = partsOf(pattern === "" ? "*" : pattern);
  const characters = Array.from(key);
  // row[j] says whether the parts so far match the first j characters.
  let row = characters.map(() => false);
  row = [true, ...row];
  for (const part of parts) {
    const next: boolean[] = [];
    for (let j = 0; j <= characters.length; j++) {
      if (part.startsWith("*")) next.push(row[j] === true || (j > 0 && next[j - 1] === true));
      else next.push(j > 0 && row[j - 1] === true && isOne(part, characters[j - 1] as string));
    }
    row = next;
  }
  return row.at(-1) === true;
}

/**
 * Counts the steps of the matcher. A test of a code point counts as many steps as its token is long in the pattern, since
 * a class may check each of its parts.
 */
export function stepsOf(pattern: string, key: string): { steps: number; matched: boolean } {
  const { tokens } = parse(pattern);
  const parts = partsOf(pattern);
  if (parts.length !== tokens.length) throw new Error(`${pattern} has ${tokens.length} tokens, not ${parts.length}`);
  let steps = 0;
  const counted = tokens.map((token, at): Token => {
    if (token === ANY_RUN) return token;
    const weight = Array.from(parts[at] as string).length;
    return (codePoint) => {
      steps += weight;
      return token(codePoint);
    };
  });
  const matched = matchTokens(counted, key);
  return { steps, matched };
}

/** Splits a well-formed pattern into its parts: a run of `*`, a class, an escaped or a plain character. */
function partsOf(pattern: string): string[] {
  return pattern.match(/\*+|\[(?:\\.|[^\]\\])*\]|\\.|./gsu) ?? [];
}

function isOne(part: string, character: string): boolean {
  if (part === "?") return true;
  if (part.startsWith("\\")) return character === part.slice(1);
  if (!part.startsWith("[") || part.length === 1) return character === part;
  const negated = part[1] === "^";
  return isIn(Array.from(part.slice(negated ? 2 : 1, -1)), character) !== negated;
}

/** Returns whether a class contains the character, given what is between its brackets. */
function isIn(inside: string[], character: string): boolean {
  if (inside.length === 0) return false;
  const [from, afterFrom] = one(inside);
  if (afterFrom[0] === "-" && afterFrom.length > 1) {
    const [to, rest] = one(afterFrom.slice(1));
    const code = character.codePointAt(0) as number;
    return ((from.codePointAt(0) as number) <= code && code <= (to.codePointAt(0) as number)) || isIn(rest, character);
  }
  return from === character || isIn(afterFrom, character);
}

/** Returns the first character, without its escape, and the rest. */
function one(inside: string[]): [string, string[]] {
  return inside[0] === "\\" ? [inside[1] as string, inside.slice(2)] : [inside[0] as string, inside.slice(1)];
}
