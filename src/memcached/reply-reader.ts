import { Buffer } from "node:buffer";

/**
 * Reads the replies of the meta protocol from the pieces in which a socket brings them.
 *
 * @see https://github.com/memcached/memcached/blob/master/doc/protocol.txt
 */
export class ReplyReader {
  readonly #take: (reply: MetaReply) => boolean;
  readonly #reply: MetaReply = { code: 0, opaque: -1, cas: "", ttl: -2, value: undefined, line: "" };
  /** The start of a reply whose end has not arrived yet, its length, and how many bytes it takes at least. */
  #pieces: Buffer[] = [];
  #held = 0;
  #needed = 0;

  /** @param take - called with each reply; returns whether to go on. */
  constructor(take: (reply: MetaReply) => boolean) {
    this.#take = take;
  }

  /**
   * Reads a piece, and keeps nothing of its memory.
   *
   * @returns `false` when it contains something that is not a reply, or `take` returned `false`. No further piece may be
   * read then.
   */
  read(piece: Buffer): boolean {
    let bytes = piece;
    if (this.#held > 0) {
      this.#pieces.push(Buffer.from(piece));
      this.#held += piece.length;
      // A large value comes in many pieces, which are joined once.
      if (this.#held < this.#needed) return true;
      bytes = Buffer.concat(this.#pieces, this.#held);
      this.#pieces = [];
      this.#held = 0;
    }
    let at = 0;
    while (at < bytes.length) {
      const end = bytes.indexOf(LF, at);
      if (end < 0) {
        if (bytes.length - at > LONGEST_LINE) return false;
        this.#hold(bytes, at, 1);
        return true;
      }
      const next = this.#parse(bytes, at, end, bytes === piece);
      if (next < 0) return false;
      if (next > bytes.length) {
        this.#hold(bytes, at, next - bytes.length);
        return true;
      }
      if (!this.#take(this.#reply)) return false;
      at = next;
    }
    return true;
  }

  /** Keeps the bytes from here on until so many more have arrived. */
  #hold(bytes: Buffer, from: number, more: number): void {
    this.#pieces = [Buffer.from(bytes.subarray(from))];
    this.#held = bytes.length - from;
    this.#needed = this.#held + more;
  }

  /**
   * Reads the reply whose first line starts at `from` and ends with the line feed at `end`.
   *
   * @param reused - whether the memory of the bytes will be written again.
   * @returns where the next reply starts, which is past the last byte when the value is not complete yet; -1 when this is
   * not a reply.
   */
  #parse(bytes: Buffer, from: number, end: number, reused: boolean): number {
    const reply = this.#reply;
    if (bytes[end - 1] !== CR || end - from < 3) return -1;
    let at = from + 2;
    if (bytes[at] !== SPACE && bytes[at] !== CR) {
      if (end - from > LONGEST_LINE) return -1;
      reply.code = LINE;
      reply.line = bytes.toString("latin1", from, end - 1);
      return end + 1;
    }
    // Both bytes are there: the line has at least three.
    reply.code = ((bytes[from] as number) << 8) | (bytes[from + 1] as number);
    reply.value = undefined;
    let next = end + 1;
    if (reply.code === VA) {
      const digits = at + 1;
      at = digits;
      while (at < end - 1 && bytes[at] !== SPACE) at++;
      const length = numberIn(bytes, digits, at);
      if (length < 0 || length > LONGEST_VALUE) return -1;
      next = end + 1 + length + 2;
      if (next > bytes.length) return next;
      if (bytes[next - 2] !== CR || bytes[next - 1] !== LF) return -1;
      const value = bytes.subarray(end + 1, next - 2);
      reply.value = reused ? Buffer.from(value) : value;
    }
    return this.#readFlags(bytes, at, end - 1) ? next : -1;
  }

  /** Reads the flags: each is a space, a letter and its token. */
  #readFlags(bytes: Buffer, from: number, end: number): boolean {
    const reply = this.#reply;
    reply.opaque = -1;
    reply.cas = "";
    reply.ttl = NO_TTL_FLAG;
    let at = from;
    while (at < end) {
      const letter = bytes[++at];
      const token = ++at;
      while (at < end && bytes[at] !== SPACE) at++;
      if (letter === OPAQUE_FLAG) {
        reply.opaque = numberIn(bytes, token, at);
        if (reply.opaque < 0) return false;
      } else if (letter === CAS_FLAG) {
        reply.cas = bytes.toString("latin1", token, at);
        if (!/^\d{1,20}$/.test(reply.cas)) return false;
      } else if (letter === TTL_FLAG) {
        const endless = bytes[token] === MINUS;
        reply.ttl = endless ? -1 : numberIn(bytes, token, at);
        if (reply.ttl < 0 && !endless) return false;
      }
    }
    return true;
  }
}

/** One reply, or one line of several. It is overwritten by the next one, so take what is to be kept. */
export interface MetaReply {
  /** {@link HD} and so on, or {@link LINE}. */
  code: number;
  /** The token of the `O` flag, the opaque that the request was sent with; -1: no such flag. */
  opaque: number;
  /** The token of the `c` flag, the CAS token; `""`: no such flag. */
  cas: string;
  /** The token of the `t` flag, the seconds left, -1 without a TTL; {@link NO_TTL_FLAG}: no such flag. */
  ttl: number;
  /** The value of a {@link VA}. Its memory is not written again. */
  value: Buffer | undefined;
  /** The text of a {@link LINE}, without the line end. */
  line: string;
}

/** Done. */
export const HD = codeOf("HD");
/** Found, with a value. */
export const VA = codeOf("VA");
/** Not found, by `mg`. */
export const EN = codeOf("EN");
/** Not stored. */
export const NS = codeOf("NS");
/** The CAS token differs: the item exists, and has changed. */
export const EX = codeOf("EX");
/** Not found, by a command other than `mg`. */
export const NF = codeOf("NF");
/** The answer to `mn`. */
export const MN = codeOf("MN");
/** Not a meta reply but a line of words: an error, or a line of `stats`. */
export const LINE = 0;

/** The reply had no `t` flag. */
export const NO_TTL_FLAG = -2;

/** No line is longer: the longest are those of `stats settings`, with a list of addresses. */
const LONGEST_LINE = 4_096;
/** A server can be set to take items of a gigabyte. */
const LONGEST_VALUE = 2 ** 30;

const SPACE = 0x20;
const CR = 0x0d;
const LF = 0x0a;
const ZERO = 0x30;
const OPAQUE_FLAG = "O".charCodeAt(0);
const CAS_FLAG = "c".charCodeAt(0);
const TTL_FLAG = "t".charCodeAt(0);
const MINUS = "-".charCodeAt(0);

/** The number that these digits write; -1 where they are not digits, or none. */
function numberIn(bytes: Buffer, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at++) {
    // In range: a token lies within the bytes.
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return from < to ? number : -1;
}

/** The two letters of a meta reply as one number. */
function codeOf(letters: string): number {
  return (letters.charCodeAt(0) << 8) | letters.charCodeAt(1);
}
