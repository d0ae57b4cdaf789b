import type { StandardSchemaV1 } from "@standard-schema/spec";

/**
 * Describes an issue of a schema by its path, such as `address.lines.0`, and by the schema's own message, unless that
 * could repeat a part of the value.
 */
export function describeIssue({ path = [], message }: StandardSchemaV1.Issue, value: unknown): string {
  // Not path.map: arktype's paths are instances of its own array class, whose map returns one step for an empty path.
  const steps = Array.from(path, (step) => String(typeof step === "object" ? step.key : step));
  const where = steps.length === 0 ? "the root" : steps.join(".");
  return isTellable(message) && !new Search(message, steps).finds(value) ? `${where} (${message})` : where;
}

/** Whether a message is one line of a usual length. A schema of a user may have any message, or none. */
function isTellable(message: unknown): message is string {
  return typeof message === "string" && message !== "" && message.length <= LONGEST && !message.includes("\n");
}

const LONGEST = 200;

/**
 * Searches a value for anything that a message repeats: three characters in a row of a string, a run of digits, or a key.
 * It errs on the side of finding: what is too large or too odd to search counts as found.
 */
class Search {
  readonly #message: string;
  readonly #trigrams = new Set<string>();
  readonly #knownKeys: ReadonlySet<string>;
  readonly #seen = new Set<object>();
  #nodesLeft = 1_000;
  #charactersLeft = 10_000;

  /** @param knownKeys - those of the path, which is shown anyway. */
  constructor(message: string, knownKeys: readonly string[]) {
    this.#message = message.toLowerCase();
    for (const trigram of trigramsOf(this.#message)) this.#trigrams.add(trigram);
    this.#knownKeys = new Set(knownKeys);
  }

  finds(part: unknown): boolean {
    if (part === null || part === undefined) return false;
    if (--this.#nodesLeft < 0) return true;
    if (typeof part === "object") return this.#findsInside(part);
    return typeof part === "function" || typeof part === "symbol" || this.#repeats(String(part));
  }

  #findsInside(whole: object): boolean {
    if (this.#seen.has(whole)) return false;
    this.#seen.add(whole);
    if (Array.isArray(whole)) return whole.some((element) => this.finds(element));
    const prototype: unknown = Object.getPrototypeOf(whole);
    // Who knows what a message shows of an instance of a class.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return true;
    return Object.entries(whole).some(([key, member]) => this.#repeatsKey(key) || this.finds(member));
  }

  #repeatsKey(key: string): boolean {
    if (this.#knownKeys.has(key) || !/\d|.../s.test(key)) return false;
    return this.#message.includes(key.toLowerCase());
  }

  #repeats(given: string): boolean {
    this.#charactersLeft -= given.length;
    if (this.#charactersLeft < 0) return true;
    const text = given.toLowerCase();
    const runs = text.match(/\d+/g) ?? [];
    return (
      runs.some((run) => this.#message.includes(run)) || trigramsOf(text).some((three) => this.#trigrams.has(three))
    );
  }
}

function trigramsOf(text: string): string[] {
  return Array.from({ length: Math.max(0, text.length - 2) }, (_, at) => text.slice(at, at + 3));
}
