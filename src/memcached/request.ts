import type { Admission } from "../net/admission.js";
import { DESYNCHRONISED } from "../net/outcomes.js";
import type { PendingRequest } from "../net/reconnecting-connection.js";
import { type MetaCommand, MORE } from "./commands.js";
import { isErrorLine, toDriverError } from "./errors.js";
import { LINE, type MetaReply } from "./reply-reader.js";

/** A command that is sent at most once, and the caller that waits for its reply. */
export class Request<R> implements AnyRequest {
  readonly command: MetaCommand<R>;
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  readonly epoch: number | undefined;
  settled = false;
  sent = false;
  readonly #resolve: (result: R) => void;
  readonly #reject: (error: unknown) => void;
  readonly #admission: Admission | undefined;
  readonly #toError: (line: string) => Error;

  constructor({
    command,
    deadline,
    signal,
    epoch,
    resolve,
    reject,
    admission,
    toError = toDriverError,
  }: RequestOptions<R>) {
    this.command = command;
    this.deadline = deadline;
    this.signal = signal;
    this.epoch = epoch;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#admission = admission;
    this.#toError = toError;
  }

  receive(reply: MetaReply): boolean {
    let result: R | typeof MORE;
    try {
      if (reply.code === LINE && isErrorLine(reply.line)) throw this.#toError(reply.line);
      result = this.command.parse(reply);
    } catch (error) {
      this.fail(error);
      // After any other error line, the server may take the value that followed the command for a command.
      return error !== DESYNCHRONISED && (reply.code !== LINE || reply.line.startsWith("SERVER_ERROR"));
    }
    if (result === MORE) return true;
    this.#settle();
    this.#resolve(result);
    return true;
  }

  fail(error: unknown): void {
    this.#settle();
    this.#reject(error);
  }

  get signals(): readonly AbortSignal[] {
    return this.signal === undefined ? [] : [this.signal];
  }

  withdraw(): void {
    if (this.signal?.aborted) this.fail(this.signal.reason);
  }

  #settle(): void {
    this.settled = true;
    this.#admission?.release();
  }
}

/** What a request is made of. */
export interface RequestOptions<R> extends CallContext {
  readonly command: MetaCommand<R>;
  /** The epoch of the only connection that it may be sent on. Default: any connection. */
  readonly epoch?: number | undefined;
  resolve(result: R): void;
  reject(error: unknown): void;
  /** Where it counts as a call until it settles. Default: its call is counted elsewhere. */
  readonly admission?: Admission | undefined;
  /** The coded error for an error line. Default: {@link toDriverError}. */
  readonly toError?: ((line: string) => Error) | undefined;
}

/** What all commands of one call share. */
export interface CallContext {
  /** When the call times out, by `now()` of `net/clock.ts`. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

/** A request whatever its result, for what only carries it. */
export interface AnyRequest extends PendingRequest, CallContext {
  readonly command: Pick<MetaCommand<unknown>, "text" | "value" | "opaque">;
  readonly epoch: number | undefined;
  /** Takes a reply, or one line of it. `false`: the replies that follow may belong to no request. */
  receive(reply: MetaReply): boolean;
}
