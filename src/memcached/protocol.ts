import { Buffer } from "node:buffer";

/** The two letters of a meta reply, as one number. */
export const HD = code("HD");
export const VA = code("VA");
export const EN = code("EN");
export const NS = code("NS");
export const EX = code("EX");
export const NF = code("NF");
export const MN = code("MN");
/** A reply that is a line of words: an error, or a line of `stats`. */
export const LINE = 0;

/** There was no `t`. */
export const UNTOLD = -2;

/** One reply, or one line of several. It is written anew for the next one: take out of it what is to be kept. */
export interface Reply {
  /** {@link HD} and so on, or {@link LINE}. */
  code: number;
  /** What followed an `O`, the mark that the request was sent with; -1: none. */
  mark: number;
  /** What followed a `c`, the CAS token; `""`: none. */
  cas: string;
  /** What followed a `t`, the seconds left, -1 without a TTL; {@link UNTOLD}: none. */
  ttl: number;
  /** Of {@link VA}; nobody writes into it again. */
  value: Buffer | undefined;
  /** Of {@link LINE}, without its end. */
  line: string;
}

/** No line is longer: `stats settings` has the longest, with a list of addresses. */
const LONGEST_LINE = 4_096;
/** A server can be told to take items of a gigabyte. */
const LONGEST_VALUE = 2 ** 30;

const SPACE = 0x20;
const CR = 0x0d;
const LF = 0x0a;
const ZERO = 0x30;

/**
 * Reads the replies of the meta protocol out of the pieces in which a socket brings them.
 *
 * @see https://github.com/memcached/memcached/blob/master/doc/protocol.txt
 */
export class ReplyReader {
  readonly #take: (reply: Reply) => boolean;
  readonly #reply: Reply = { code: LINE, mark: -1, cas: "", ttl: UNTOLD, value: undefined, line: "" };
  /** The beginning of a reply whose end has not come yet, and how many bytes it takes at least. */
  #pieces: Buffer[] = [];
  #held = 0;
  #needed = 0;

  /** @param take - is given each reply, and says whether to go on. */
  constructor(take: (reply: Reply) => boolean) {
    this.#take = take;
  }

  /**
   * Reads a piece, and keeps nothing of its memory. `false`: it holds what is no reply, or `take` said so; then no other
   * may be read.
   */
  read(piece: Buffer): boolean {
    let bytes = piece;
    if (this.#held > 0) {
      this.#pieces.push(Buffer.from(piece));
      this.#held += piece.length;
      // A large value comes in many pieces, which are put together once.
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

  /** Keeps what is left from here, until so many bytes more have come. */
  #hold(bytes: Buffer, from: number, more: number): void {
    this.#pieces = [Buffer.from(bytes.subarray(from))];
    this.#held = bytes.length - from;
    this.#needed = this.#held + more;
  }

  /**
   * Reads the reply whose first line lies between here and there. Gives where the next one begins, which lies behind the
   * last byte where the value is not yet whole; -1: it is no reply.
   *
   * @param lent - whether the bytes will be written anew.
   */
  #parse(bytes: Buffer, from: number, end: number, lent: boolean): number {
    const reply = this.#reply;
    if (bytes[end - 1] !== CR || end - from < 3) return -1;
    let at = from + 2;
    if (bytes[at] !== SPACE && bytes[at] !== CR) {
      if (end - from > LONGEST_LINE) return -1;
      reply.code = LINE;
      reply.line = bytes.toString("latin1", from, end - 1);
      return end + 1;
    }
    reply.code = ((bytes[from] as number) << 8) | (bytes[from + 1] as number);
    reply.value = undefined;
    let next = end + 1;
    if (reply.code === VA) {
      let length = 0;
      const digits = at + 1;
      for (at = digits; bytes[at] !== SPACE && bytes[at] !== CR; at++) {
        const digit = (bytes[at] as number) - ZERO;
        if (digit < 0 || digit > 9) return -1;
        length = length * 10 + digit;
        if (length > LONGEST_VALUE) return -1;
      }
      if (at === digits) return -1;
      next = end + 1 + length + 2;
      if (next > bytes.length) return next;
      if (bytes[next - 2] !== CR || bytes[next - 1] !== LF) return -1;
      const value = bytes.subarray(end + 1, next - 2);
      reply.value = lent ? Buffer.from(value) : value;
    }
    return this.#readFlags(bytes, at, end - 1) ? next : -1;
  }

  /** Reads the flags: a space, a letter and its token, again and again. */
  #readFlags(bytes: Buffer, from: number, end: number): boolean {
    const reply = this.#reply;
    reply.mark = -1;
    reply.cas = "";
    reply.ttl = UNTOLD;
    let at = from;
    while (at < end) {
      const letter = bytes[++at];
      const token = ++at;
      while (at < end && bytes[at] !== SPACE) at++;
      if (letter === MARK) {
        reply.mark = numberIn(bytes, token, at);
        if (reply.mark < 0) return false;
      } else if (letter === CAS) {
        reply.cas = bytes.toString("latin1", token, at);
        if (!/^\d{1,20}$/.test(reply.cas)) return false;
      } else if (letter === TTL) {
        const endless = bytes[token] === MINUS;
        reply.ttl = endless ? -1 : numberIn(bytes, token, at);
        if (reply.ttl < 0 && !endless) return false;
      }
    }
    return true;
  }
}

const MARK = "O".charCodeAt(0);
const CAS = "c".charCodeAt(0);
const TTL = "t".charCodeAt(0);
const MINUS = "-".charCodeAt(0);

/** The number that these digits write; -1: they are none. */
function numberIn(bytes: Buffer, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return from < to ? number : -1;
}

function code(letters: string): number {
  return (letters.charCodeAt(0) << 8) | letters.charCodeAt(1);
}
