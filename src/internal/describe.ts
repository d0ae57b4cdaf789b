const LONGEST = 80;

/** A text as an error message shows it: quoted, on one line, and cut where it is long. */
export function quote(text: string): string {
  if (text.length <= LONGEST) return JSON.stringify(text);
  // Array.from goes by code points, so that the cut never halves one.
  return `${JSON.stringify(Array.from(text.slice(0, LONGEST)).slice(0, -1).join(""))}… (${text.length} characters)`;
}

/** What kind of thing was given, and never its contents: a value must not reach a message. */
export function kindOf(given: unknown): string {
  if (given === null) return "null";
  if (given === undefined) return "undefined";
  if (Array.isArray(given)) return `an array of ${given.length}`;
  const kind = typeof given;
  return kind === "object" ? "an object" : `a ${kind}`;
}
