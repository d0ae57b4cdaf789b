import { Buffer } from "node:buffer";
import { setTimeout as sleep } from "node:timers/promises";
import { NotSupportedError, TimeoutError, UnavailableError } from "../errors.js";
import { onAbort } from "../internal/abort.js";
import { closed, GARBLED } from "../internal/outcomes.js";
import { codeOf, errorOf, full, isError, isFull, named } from "./errors.js";
import type { Link } from "./link.js";

/** How long to wait before a listing that failed is begun again, in milliseconds. */
const PAUSE = 20;

/** No line is longer: a key takes up to three times its 250 bytes. */
const LONGEST_LINE = 2_048;

const LF = 0x0a;
/** What newer servers say, behind an OK, while their hash table grows; older ones may lock up for good. */
const LOCKED = "ERROR locked";

/** Reads the lines of a `metadump`: those of live keys that begin like this. */
export class DumpReader {
  readonly names = new Set<string>();
  readonly #needle: Buffer;
  readonly #now: number;
  #rest: Buffer = Buffer.alloc(0);
  #begun = false;

  /**
   * @param start - what the keys begin with; `names` has what follows.
   * @param now - the server's time in seconds: a key that has ended by then may still be listed, and is left out.
   */
  constructor(start: string, now: number) {
    this.#needle = Buffer.from(`key=${escaped(start)}`);
    this.#now = now;
  }

  /** Reads a piece. `true`: it was the last one. */
  read(piece: Buffer): boolean {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const end = bytes.lastIndexOf(LF) + 1;
    // The memory of the piece is used again.
    this.#rest = Buffer.from(bytes.subarray(end));
    if (this.#rest.length > LONGEST_LINE) throw GARBLED;
    if (end === 0) return false;
    if (!this.#begun) {
      this.#begun = true;
      const first = bytes.toString("latin1", 0, Math.min(bytes.indexOf(LF), LONGEST_LINE)).trimEnd();
      // Newer servers begin with an OK.
      if (!first.startsWith("key=") && first !== "END" && first !== "OK") throw refusal(first);
    }
    // No line holds a key= but at its beginning: in a key the = is escaped.
    let at = bytes.indexOf(this.#needle);
    while (at >= 0 && at < end) {
      const next = bytes.indexOf(LF, at);
      this.#add(bytes.toString("latin1", at + this.#needle.length, next));
      at = bytes.indexOf(this.#needle, next);
    }
    const last = bytes.toString("latin1", bytes.lastIndexOf(LF, end - 2) + 1, end).trimEnd();
    if (last.startsWith(LOCKED)) throw refusal(last);
    return last === "END";
  }

  #add(line: string): void {
    const [, name, expires] = /^(\S*) exp=(-?\d+) /.exec(line) ?? [];
    if (name === undefined) return;
    if (Number(expires) >= 0 && Number(expires) <= this.#now) return;
    try {
      this.names.add(decodeURIComponent(name));
    } catch {
      // Of what other programs wrote, keys that are not UTF-8 have no name here.
    }
  }
}

/**
 * What the names of the live keys that begin like this go on with, those of one server. They are collected before any is
 * given: a server in the middle of a listing begins no other, so none may wait for its reader.
 *
 * @param now - the server's time in seconds.
 */
export async function dump(
  link: Link,
  start: string,
  now: number,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<Set<string>> {
  let failing: number | undefined;
  while (true) {
    try {
      return await dumpOnce(link, new DumpReader(start, now), timeout, signal);
    } catch (error) {
      // Another listing is under way, or the connection went: asked again, for as long as a round trip may take.
      failing ??= performance.now();
      if (signal?.aborted) throw signal.reason;
      const over = performance.now() - failing > timeout;
      if (over || !(error instanceof UnavailableError) || link.closed) throw error;
      await sleep(PAUSE, undefined, { ref: false });
    }
  }
}

function dumpOnce(
  link: Link,
  reader: DumpReader,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<Set<string>> {
  return new Promise((resolve, reject) => {
    if (link.closed) return reject(closed("not-applied"));
    if (signal?.aborted) return reject(signal.reason);
    const socket = link.open((piece) => {
      silence.refresh();
      try {
        if (reader.read(piece)) end(() => resolve(reader.names));
      } catch (error) {
        fail(named(error, link.name));
      }
    });
    const end = (settle: () => void): void => {
      clearTimeout(silence);
      forget?.();
      socket.destroy();
      settle();
    };
    const fail = (error: unknown): void => end(() => reject(error));
    let code: string | undefined;
    const silence = setTimeout(
      () =>
        fail(new TimeoutError(`${link.name}: nothing came of the listing for ${timeout} ms`, { outcome: "unknown" })),
      timeout,
    ).unref();
    const forget = signal && onAbort(signal, () => fail(signal.reason));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      ({ code } = error);
    });
    socket.on("close", () => {
      const message = `${link.name}: the connection was lost in the listing${codeOf(code)}`;
      fail(link.closed ? closed("unknown") : new UnavailableError(message, { outcome: "unknown" }));
    });
    socket.write("lru_crawler metadump hash\r\n");
  });
}

/** As the server escapes a key. */
function escaped(text: string): string {
  const percent = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, percent);
}

function refusal(line: string): Error {
  if (line.startsWith("BUSY") || line.startsWith(LOCKED)) {
    return new UnavailableError("the server is at another listing (BUSY)", { outcome: "not-applied" });
  }
  if (isFull(line)) return full();
  if (line === "ERROR metadump not allowed") {
    return new NotSupportedError("the server refuses to list its keys: it was started with -X (--disable-dumping)");
  }
  if (line === "CLIENT_ERROR lru crawler disabled") {
    return new NotSupportedError("the server cannot list its keys: it was started with -o no_lru_crawler");
  }
  return isError(line) ? errorOf(line) : GARBLED;
}
