import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { nextTick } from "../net/clock.js";
import type { Connection } from "../net/reconnecting-connection.js";
import { RecordWriter } from "./record-writer.js";
import { LINE, type MetaReply, ReplyReader } from "./reply-reader.js";
import type { AnyRequest } from "./request.js";

/**
 * One connection to a server. The requests of a tick go out in one write, in the order in which they were made, and
 * replies are matched in that order. Each is also known by its opaque, so that a reply too many or too few never meets
 * another request.
 */
export class MetaConnection implements Connection<AnyRequest> {
  readonly #socket: Socket;
  readonly #reader = new ReplyReader((reply) => this.#take(reply));
  readonly #whyNotSend: MetaConnectionOptions["whyNotSend"];
  readonly #onLost: MetaConnectionOptions["onLost"];
  /** For TLS. */
  readonly #records: RecordWriter | undefined;
  /** Node's code of the last error. */
  #code: string | undefined;
  /** What was written to the socket, from the head on, and the opaque of the first of them that has one. */
  #sent: AnyRequest[] = [];
  #head = 0;
  #headOpaque = 0;
  #nextOpaque = 0;
  /** The requests of this tick. */
  #tick: AnyRequest[] = [];
  #open = true;
  answered = false;

  constructor({ openSocket, secure, whyNotSend, onLost }: MetaConnectionOptions) {
    this.#whyNotSend = whyNotSend;
    this.#onLost = onLost;
    this.#socket = openSocket((piece) => {
      if (this.#open && !this.#reader.read(piece)) this.#lose();
    });
    this.#records = secure ? new RecordWriter(this.#socket) : undefined;
    this.#socket.on("error", ({ code }: NodeJS.ErrnoException) => {
      this.#code = code;
    });
    this.#socket.on("close", () => this.#lose());
  }

  /** Whether it has neither failed nor been closed. */
  get open(): boolean {
    return this.#open;
  }

  send(request: AnyRequest): void {
    const reason = this.#whyNotSend(request);
    if (reason !== undefined) request.fail(reason);
    // Written after the promise callbacks of this tick: what they send joins.
    else if (this.#tick.push(request) === 1) nextTick(() => this.#flush());
  }

  close(): void {
    this.#open = false;
    this.#sent = [];
    this.#tick = [];
    this.#head = 0;
    this.#socket.destroy();
  }

  #lose(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#onLost(this.#code);
  }

  /** Takes a reply. `false`: the connection is out of step. */
  #take(reply: MetaReply): boolean {
    const request = this.#sent[this.#head];
    if (!this.#open || request === undefined) return false;
    if (request.command.opaque) {
      // Error lines are the only replies without the opaque.
      if (reply.code !== LINE && reply.opaque !== this.#headOpaque) return false;
      this.#headOpaque = (this.#headOpaque + 1) % LINE_ENDS.length;
    }
    this.answered = true;
    const inStep = request.receive(reply);
    if (request.settled && ++this.#head === this.#sent.length) {
      this.#sent = [];
      this.#head = 0;
    } else if (this.#head > MOST_SETTLED) {
      this.#sent = this.#sent.slice(this.#head);
      this.#head = 0;
    }
    return inStep;
  }

  #flush(): void {
    const requests = this.#tick.filter((request) => this.#isWanted(request));
    this.#tick = [];
    if (this.#records === undefined) this.#writeJoined(requests);
    else this.#records.write(requests.map((request) => this.#encode(request)));
  }

  /** Takes a request for sent, unless it was aborted since. */
  #isWanted(request: AnyRequest): boolean {
    request.withdraw();
    if (request.settled) return false;
    request.sent = true;
    this.#sent.push(request);
    return true;
  }

  /** The end of a command's line, with an opaque where it takes one. */
  #lineEnd({ command }: AnyRequest): string {
    if (!command.opaque) return "\r\n";
    const end = LINE_ENDS[this.#nextOpaque] as string;
    this.#nextOpaque = (this.#nextOpaque + 1) % LINE_ENDS.length;
    return end;
  }

  /** A whole command as bytes. */
  #encode(request: AnyRequest): Buffer {
    const { text, value } = request.command;
    const line = Buffer.from(text + this.#lineEnd(request), "latin1");
    if (value === undefined) return line;
    const { data } = value;
    return Buffer.concat([line, typeof data === "string" ? Buffer.from(data) : data, Buffer.from("\r\n")]);
  }

  /** Writes requests in as few and as large pieces as pay off. */
  #writeJoined(requests: readonly AnyRequest[]): void {
    const socket = this.#socket;
    let text = "";
    let ascii = true;
    let corked = false;
    const write = (): void => {
      if (text !== "") socket.write(text, ascii ? "latin1" : "utf8");
      text = "";
      ascii = true;
    };
    const writeCorked = (): void => {
      if (!corked) socket.cork();
      corked = true;
      write();
    };
    for (const request of requests) {
      if (text.length > LONGEST_JOINED) writeCorked();
      const { command } = request;
      text += command.text + this.#lineEnd(request);
      if (command.value === undefined) continue;
      const { data } = command.value;
      if (typeof data === "string" && data.length <= LONGEST_JOINED) {
        text += `${data}\r\n`;
        ascii &&= command.value.ascii;
      } else {
        writeCorked();
        socket.write(data, command.value.ascii ? "latin1" : "utf8");
        text = "\r\n";
      }
    }
    write();
    if (corked) socket.uncork();
  }
}

/** How a connection opens its socket, and what it asks and reports. */
export interface MetaConnectionOptions {
  /** Whether the socket is one of TLS. */
  readonly secure: boolean;
  /**
   * Opens the socket.
   *
   * @param read - called with each piece that the socket reads, whose memory is reused after the call.
   */
  openSocket(read: (piece: Buffer) => void): Socket;
  /** Why a request must not be sent on this connection; `undefined`: it may. */
  whyNotSend(request: AnyRequest): unknown;
  /**
   * Called once, when the connection has failed, ended or come out of step, unless it was closed.
   *
   * @param code - Node's own error code, such as `ECONNRESET`, if there is one.
   */
  onLost(code: string | undefined): void;
}

/**
 * The opaques, each with its line end. They repeat: since replies come in order, an opaque only has to differ from those
 * of its neighbours.
 */
const LINE_ENDS = Array.from({ length: 1_000 }, (_, opaque) => ` O${opaque}\r\n`);

/** How many characters are joined to one string. More at a time saves nothing, and Node's longest string has 2^29. */
const LONGEST_JOINED = 65_536;

/** How many settled requests may stay in the queue before it is cut. */
const MOST_SETTLED = 1_024;
