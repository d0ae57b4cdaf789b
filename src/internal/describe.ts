/** Shows a string in an error message: quoted, on one line, and cut where it is long. */
export function quote(text: string): string {
  if (text.length <= LONGEST) return JSON.stringify(text);
  // Array.from iterates over code points. The last one is dropped, since the first cut may have split it.
  return `${JSON.stringify(Array.from(text.slice(0, LONGEST)).slice(0, -1).join(""))}… (${text.length} characters)`;
}

const LONGEST = 80;

/** Names the kind of a value in an error message, and never its contents: no value may appear in a message. */
export function kindOf(given: unknown): string {
  if (given === null) return "null";
  if (given === undefined) return "undefined";
  if (Array.isArray(given)) return `an array of ${given.length}`;
  const kind = typeof given;
  return kind === "object" ? "an object" : `a ${kind}`;
}
