import type { Socket } from "node:net";
import { LINE, type Reply, ReplyReader } from "./protocol.js";
import type { AnyRequest } from "./request.js";

/**
 * The marks, each with the end of its line. They repeat, since replies come in order: a mark only has to differ from
 * those of its neighbours.
 */
const MARKS = Array.from({ length: 1_000 }, (_, mark) => ` O${mark}\r\n`);

/** How many characters are joined to one text: more at a time saves nothing, and a text of 2^29 is more than Node can hold. */
const LARGE = 65_536;

/** How many requests that are over may lie in the queue before it is cut. */
const CUT = 1_024;

/**
 * One connection. The requests of a tick go out in one write, in the order in which they were made, and replies are
 * matched in that order; each is told by its mark as well, so that a reply too many or too few meets no other request.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #reader = new ReplyReader((reply) => this.#take(reply));
  readonly #onLost: (code: string | undefined) => void;
  #code: string | undefined;
  /** What was handed to the socket, from the head on, and the mark of the first that has one. */
  #sent: AnyRequest[] = [];
  #head = 0;
  #headMark = 0;
  #nextMark = 0;
  /** The requests of this tick. */
  #tick: AnyRequest[] = [];
  /** Whether it may be used on. */
  open = true;
  /** Whether a reply has come. */
  answered = false;

  /**
   * @param open - makes the socket, which hands what it reads to the function; the bytes are that one's for the call.
   * @param onLost - called once, when the connection has failed, ended or come out of step, unless it was ended from
   * here; with Node's code of what went wrong, if there is one.
   */
  constructor(open: (read: (piece: Buffer) => void) => Socket, onLost: (code: string | undefined) => void) {
    const socket = open((piece) => {
      if (this.open && !this.#reader.read(piece)) this.#lose();
    });
    this.#socket = socket;
    this.#onLost = onLost;
    socket.on("error", ({ code }: NodeJS.ErrnoException) => {
      this.#code = code;
    });
    socket.on("close", () => this.#lose());
  }

  /** Whether no reply is waited for. */
  get idle(): boolean {
    return this.#head === this.#sent.length && this.#tick.length === 0;
  }

  send(request: AnyRequest): void {
    // After the promise callbacks of this tick: what they call joins.
    if (this.#tick.push(request) === 1) process.nextTick(() => this.#flush());
  }

  /** Ends the connection, and gives what is pending on it, in its order. */
  end(): AnyRequest[] {
    const pending = [...this.#sent.slice(this.#head), ...this.#tick].filter(({ over }) => !over);
    this.open = false;
    this.#sent = [];
    this.#tick = [];
    this.#head = 0;
    this.#socket.destroy();
    return pending;
  }

  #lose(): void {
    if (!this.open) return;
    this.open = false;
    this.#onLost(this.#code);
  }

  #take(reply: Reply): boolean {
    const request = this.#sent[this.#head];
    if (!this.open || request === undefined) return false;
    if (request.kind.marked) {
      // Of all replies only errors come without the mark.
      if (reply.code !== LINE && reply.mark !== this.#headMark) return false;
      this.#headMark = (this.#headMark + 1) % MARKS.length;
    }
    this.answered = true;
    const inStep = request.take(reply);
    if (request.over && ++this.#head === this.#sent.length) {
      this.#sent = [];
      this.#head = 0;
    } else if (this.#head > CUT) {
      this.#sent = this.#sent.slice(this.#head);
      this.#head = 0;
    }
    return inStep;
  }

  #flush(): void {
    const requests = this.#tick;
    this.#tick = [];
    const socket = this.#socket;
    let text = "";
    let ascii = true;
    let corked = false;
    const write = (): void => {
      if (text !== "") socket.write(text, ascii ? "latin1" : "utf8");
      text = "";
      ascii = true;
    };
    const cut = (): void => {
      if (!corked) socket.cork();
      corked = true;
      write();
    };
    for (const request of requests) {
      if (text.length > LARGE) cut();
      const { kind, command, stored, call } = request;
      if (call.signal?.aborted) {
        request.fail(call.signal.reason);
        continue;
      }
      request.sent = true;
      this.#sent.push(request);
      if (kind.marked) {
        text += command + MARKS[this.#nextMark];
        this.#nextMark = (this.#nextMark + 1) % MARKS.length;
      } else {
        text += `${command}\r\n`;
      }
      if (stored === undefined) continue;
      const { value } = stored;
      if (typeof value === "string" && value.length <= LARGE) {
        text += `${value}\r\n`;
        ascii &&= stored.ascii;
      } else {
        cut();
        socket.write(value, stored.ascii ? "latin1" : "utf8");
        text = "\r\n";
      }
    }
    write();
    if (corked) socket.uncork();
  }
}
