import { Buffer } from "node:buffer";
import { DESYNCHRONISED } from "../net/outcomes.js";
import { LOCKED, metadumpError } from "./errors.js";

/** Reads the lines of a `metadump`, and collects the names of live keys that start with a string. */
export class MetadumpReader {
  /** What follows that string in each key. */
  readonly names = new Set<string>();
  readonly #needle: Buffer;
  readonly #now: number;
  /** The start of a line whose end has not arrived yet. */
  #rest: Buffer = Buffer.alloc(0);
  #begun = false;

  /**
   * @param start - what the keys start with.
   * @param now - the server's time in seconds. A key that has expired by then may still be listed, and is left out.
   */
  constructor(start: string, now: number) {
    this.#needle = Buffer.from(`key=${escaped(start)}`);
    this.#now = now;
  }

  /**
   * Reads a piece, and keeps nothing of its memory.
   *
   * @returns whether it was the last one.
   * @throws UnavailableError when the server is busy, NotSupportedError when it cannot list its keys.
   */
  read(piece: Buffer): boolean {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const end = bytes.lastIndexOf(LF) + 1;
    this.#rest = Buffer.from(bytes.subarray(end));
    if (this.#rest.length > LONGEST_LINE) throw DESYNCHRONISED;
    if (end === 0) return false;
    if (!this.#begun) {
      this.#begun = true;
      const first = bytes.toString("latin1", 0, Math.min(bytes.indexOf(LF), LONGEST_LINE)).trimEnd();
      // Newer servers begin with an OK.
      if (!first.startsWith("key=") && first !== "END" && first !== "OK") throw metadumpError(first);
    }
    // A line has no key= but at its start: the = of a key is escaped.
    let at = bytes.indexOf(this.#needle);
    while (at >= 0 && at < end) {
      const next = bytes.indexOf(LF, at);
      this.#add(bytes.toString("latin1", at + this.#needle.length, next));
      at = bytes.indexOf(this.#needle, next);
    }
    const last = bytes.toString("latin1", bytes.lastIndexOf(LF, end - 2) + 1, end).trimEnd();
    if (last.startsWith(LOCKED)) throw metadumpError(last);
    return last === "END";
  }

  #add(line: string): void {
    const [, name, expires] = /^(\S*) exp=(-?\d+) /.exec(line) ?? [];
    if (name === undefined) return;
    if (Number(expires) >= 0 && Number(expires) <= this.#now) return;
    try {
      this.names.add(decodeURIComponent(name));
    } catch {
      // Other programs may store keys that are not UTF-8, which no key of ours can be.
    }
  }
}

/** No line is longer: an escaped key has up to three times its 250 bytes. */
const LONGEST_LINE = 2_048;

const LF = 0x0a;

/** The text as the server escapes it in a key. */
function escaped(text: string): string {
  const percent = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, percent);
}
