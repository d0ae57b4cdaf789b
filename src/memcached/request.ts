import type { Encoded } from "../driver/encoded.js";
import type { Due } from "../internal/deadlines.js";
import { GARBLED } from "../internal/outcomes.js";
import { errorOf, isError } from "./errors.js";
import { LINE, type Reply } from "./protocol.js";

/** What {@link Kind.answer} gives for a line that is not the last one. */
export const MORE = Symbol("more");

/** A kind of command: what its reply means. */
export interface Kind<R> {
  /** Whether the command takes a mark, which the server sends back with the reply. */
  readonly marked: boolean;
  /** The answer that a reply is. Throws a coded error; `GARBLED` for one that the command is never answered with. */
  answer(reply: Reply): R | typeof MORE;
  /** The coded error for an error of the server's. Default: `errorOf`. */
  refusal?(line: string): Error;
}

/** How many calls there are, of all servers together. */
export interface Pending {
  count: number;
}

/** What all commands of one call share. */
export interface Call {
  /** When its caller has waited long enough, by `performance.now()`. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

/** What is to be stored. */
export interface Stored {
  readonly value: Encoded;
  /** The bytes of the value. */
  readonly length: number;
  /** The bytes of the key and the value, which the server has to have room for. */
  readonly size: number;
  /** Whether it is a text of ASCII alone, which is the fastest to send. */
  readonly ascii: boolean;
}

/** A request of whichever kind, to those that only carry it. */
export interface AnyRequest
  extends Pick<
    Request<never>,
    "command" | "stored" | "call" | "epoch" | "deadline" | "over" | "sent" | "take" | "fail"
  > {
  readonly kind: Pick<Kind<unknown>, "marked">;
}

/** A command that is sent once, and who waits for its reply. */
export class Request<R> implements Due {
  readonly kind: Kind<R>;
  /** The command, without its mark and the end of its line. */
  readonly command: string;
  readonly stored: Stored | undefined;
  readonly call: Call;
  /** The connection that it is meant for; `undefined`: any. */
  readonly epoch: number | undefined;
  readonly deadline: number;
  /** Whether its caller has been told. */
  over = false;
  /** Whether it was handed to a socket. */
  sent = false;
  readonly #resolve: (answer: R) => void;
  readonly #reject: (error: unknown) => void;
  readonly #pending: Pending | undefined;

  /** @param pending - where it counts as a call, until it is over. */
  constructor(
    kind: Kind<R>,
    command: string,
    stored: Stored | undefined,
    call: Call,
    epoch: number | undefined,
    resolve: (answer: R) => void,
    reject: (error: unknown) => void,
    pending?: Pending,
  ) {
    this.kind = kind;
    this.command = command;
    this.stored = stored;
    this.call = call;
    this.epoch = epoch;
    this.deadline = call.deadline;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#pending = pending;
  }

  /** A reply has come, or a line of one. `false`: the connection may be out of step behind it. */
  take(reply: Reply): boolean {
    let answer: R | typeof MORE;
    try {
      if (reply.code === LINE && isError(reply.line)) throw (this.kind.refusal ?? errorOf)(reply.line);
      answer = this.kind.answer(reply);
    } catch (error) {
      this.fail(error);
      // Behind any other error the server may take the value that followed the command for a command.
      return error !== GARBLED && (reply.code !== LINE || reply.line.startsWith("SERVER_ERROR"));
    }
    if (answer === MORE) return true;
    this.#end();
    this.#resolve(answer);
    return true;
  }

  fail(error: unknown): void {
    this.#end();
    this.#reject(error);
  }

  #end(): void {
    this.over = true;
    if (this.#pending !== undefined) this.#pending.count--;
  }
}
