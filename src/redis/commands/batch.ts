import { now } from "../../net/clock.js";
import { DESYNCHRONISED } from "../../net/outcomes.js";
import type { Caller, Command } from "./command.js";
import type { Argument, Reply } from "./replies.js";
import { NO_SLOT } from "./slot.js";

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
  #keys: Argument[] = [];
  #payloads: P[] = [];
  #callers: Caller<R>[] = [];

  constructor(options: BatchOptions<P, R>) {
    this.command = options.command;
    this.slot = options.slot;
    this.prefix = options.prefix;
    this.deadline = options.deadline;
    this.#settled = options.settled;
  }

  /** How many calls it has. */
  get length(): number {
    return this.#callers.length;
  }

  /** Adds a call about one key. */
  add(key: Argument, payload: P, caller: Caller<R>): void {
    this.#keys.push(key);
    this.#payloads.push(payload);
    this.#callers.push(caller);
    const { command } = this;
    if (command.byteLength !== undefined) this.byteLength += command.byteLength(payload);
  }

  /** Adds the only call, about any number of keys. */
  addOnly(keys: readonly Argument[], payload: P, caller: Caller<R>): void {
    this.#keys = [...keys];
    this.#payloads.push(payload);
    this.#callers.push(caller);
  }

  /** The command to send, without the calls that were aborted until now; `undefined` when none is left. */
  encode(): Argument[] | undefined {
    if (this.#callers.some(({ signal }) => signal?.aborted)) this.withdraw();
    return this.#callers.length === 0 ? undefined : this.command.encode(this.#keys, this.#payloads);
  }

  /** The signals of its calls, each once. */
  get signals(): AbortSignal[] {
    const signals = this.#callers.map(({ signal }) => signal);
    return [...new Set(signals)].filter((signal) => signal !== undefined);
  }

  /** Rejects the calls that were aborted. */
  withdraw(): void {
    const callers = this.#callers;
    const stays = (_: unknown, place: number): boolean => !callers[place]?.signal?.aborted;
    // A call about several keys is the only one: then nothing is left to encode.
    this.#keys = this.#keys.filter(stays);
    this.#payloads = this.#payloads.filter(stays);
    this.#callers = callers.filter(stays);
    this.#settled?.(callers.length - this.#callers.length);
    for (const { signal, reject } of callers) if (signal?.aborted) reject(signal.reason);
  }

  /** Resolves or rejects every call by the reply. Returns `false` for a reply that the command cannot have. */
  settle(reply: Reply): boolean {
    let fits = true;
    const keys = this.#keys;
    const callers = this.#take();
    for (let place = 0; place < callers.length; place++) {
      const caller = callers[place] as Caller<R>;
      let result: R;
      try {
        result = this.command.parseReply(reply, place, keys);
      } catch (error) {
        if (error === DESYNCHRONISED) fits = false;
        caller.reject(error);
        continue;
      }
      caller.resolve(result);
    }
    return fits;
  }

  /** Rejects every call. */
  fail(error: unknown): void {
    for (const caller of this.#take()) caller.reject(error);
  }

  /** The same calls, each in a batch of its own. */
  split(): Batch<P, R>[] {
    const { command, slot, prefix, deadline, redirects } = this;
    return this.#callers.map((caller, place) => {
      const batch = new Batch({ command, slot, prefix, deadline, settled: this.#settled });
      batch.redirects = redirects;
      batch.add(this.#keys[place] as Argument, this.#payloads[place] as P, caller);
      return batch;
    });
  }

  /** The callers, which are no longer pending. What they sent is not kept. */
  #take(): readonly Caller<R>[] {
    const callers = this.#callers;
    this.#keys = [];
    this.#payloads = [];
    this.#callers = [];
    this.#settled?.(callers.length);
    return callers;
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
  extends Pick<
    Batch<never, never>,
    "slot" | "deadline" | "redirects" | "length" | "encode" | "settle" | "fail" | "signals" | "withdraw"
  > {
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
    const batch = new Batch({ command, slot: NO_SLOT, prefix: "", deadline });
    batch.addOnly([], payload, { signal, resolve, reject });
    send(batch);
  });
}
