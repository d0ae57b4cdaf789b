import { now } from "../../net/clock.js";
import { DESYNCHRONISED } from "../../net/outcomes.js";
import { NO_SLOT } from "../routing/slot.js";
import type { Call, Command } from "./command.js";
import type { Argument, Reply } from "./replies.js";

/** Calls of one command that are sent together. It knows their slot and their deadline, but not where they are sent. */
export class Batch<P, R> {
  readonly command: Command<P, R>;
  readonly slot: number;
  /** Calls of one namespace share a batch: where a user lacks a right to one, it lacks the right to all. */
  readonly prefix: string;
  readonly deadline: number;
  /** How often it was sent again after a refusal. */
  redirects = 0;
  /** About how many bytes its calls hold. */
  byteLength = 0;
  readonly #settled: ((calls: number) => void) | undefined;
  #calls: Call<P, R>[];

  constructor(options: BatchOptions<P, R>, calls: Call<P, R>[] = []) {
    this.command = options.command;
    this.slot = options.slot;
    this.prefix = options.prefix;
    this.deadline = options.deadline;
    this.#settled = options.settled;
    this.#calls = calls;
  }

  get length(): number {
    return this.#calls.length;
  }

  add(call: Call<P, R>): void {
    this.#calls.push(call);
    const { command } = this;
    if (command.byteLength !== undefined) this.byteLength += command.byteLength(call.payload);
  }

  /** The command to send, without the calls that were aborted until now; `undefined` when none is left. */
  encode(): Argument[] | undefined {
    for (const { signal } of this.#calls) {
      if (!signal?.aborted) continue;
      this.#withdraw();
      break;
    }
    return this.#calls.length === 0 ? undefined : this.command.encode(this.#calls);
  }

  /** Resolves or rejects every call by the reply. Returns `false` for a reply that the command cannot have. */
  settle(reply: Reply): boolean {
    let fits = true;
    const calls = this.#take();
    for (let place = 0; place < calls.length; place++) {
      const call = calls[place] as Call<P, R>;
      let result: R;
      try {
        result = this.command.parseReply(reply, place, calls);
      } catch (error) {
        if (error === DESYNCHRONISED) fits = false;
        call.reject(error);
        continue;
      }
      call.resolve(result);
    }
    return fits;
  }

  /** Rejects every call. */
  fail(error: unknown): void {
    for (const call of this.#take()) call.reject(error);
  }

  /** The same calls, each in a batch of its own. */
  split(): Batch<P, R>[] {
    const { command, slot, prefix, deadline, redirects } = this;
    return this.#calls.map((call) => {
      const batch = new Batch({ command, slot, prefix, deadline, settled: this.#settled }, [call]);
      batch.redirects = redirects;
      return batch;
    });
  }

  /** The calls, which are no longer pending. */
  #take(): readonly Call<P, R>[] {
    const calls = this.#calls;
    this.#calls = [];
    this.#settled?.(calls.length);
    return calls;
  }

  #withdraw(): void {
    const calls = this.#calls;
    this.#calls = calls.filter(({ signal }) => !signal?.aborted);
    this.#settled?.(calls.length - this.#calls.length);
    for (const { signal, reject } of calls) if (signal?.aborted) reject(signal.reason);
  }
}

export interface BatchOptions<P, R> {
  readonly command: Command<P, R>;
  readonly slot: number;
  readonly prefix: string;
  /** When its calls time out, by `now()` of `clock.ts`. */
  readonly deadline: number;
  /** Called with how many calls have settled, where they are counted. */
  readonly settled?: ((calls: number) => void) | undefined;
}

/** A batch of any command, for those that only carry it. */
export interface AnyBatch
  extends Pick<Batch<never, never>, "slot" | "deadline" | "redirects" | "length" | "encode" | "settle" | "fail"> {
  readonly command: Pick<Command<never, never>, "script">;
  split(): AnyBatch[];
}

/** Sends a command of the driver's own, about no key, to one node. No other call shares it. */
export function ask<P, R>(
  send: (batch: AnyBatch) => void,
  command: Command<P, R>,
  payload: P,
  timeout: number,
  signal?: AbortSignal,
): Promise<R> {
  return new Promise((resolve, reject) => {
    const deadline = now() + timeout;
    const call = { keys: [], payload, signal, resolve, reject };
    send(new Batch({ command, slot: NO_SLOT, prefix: "", deadline }, [call]));
  });
}
