import { GARBLED } from "../internal/outcomes.js";
import { type Argument, codedError, errorWord, type Reply } from "./protocol.js";
import type { Script } from "./scripts.js";

/** A kind of operation: how calls of it become one command, and how its reply is theirs again. */
export interface Kind<P, R> {
  /** Whether calls made in one tick may share a command. */
  readonly joins: boolean;
  /** The script behind the command, where it is one. */
  readonly script?: Script;
  /** The command for these calls; a script goes by its hash. */
  command(calls: readonly Call<P, R>[]): Argument[];
  /** About how many bytes a call brings along, where that can be many. */
  weight?(payload: P): number;
  /** The answer of the call at this place. Throws a coded error. */
  answer(reply: Reply, place: number, calls: readonly Call<P, R>[]): R;
}

/** One call: its storage key, what goes with it, and who waits. */
export interface Call<P, R> {
  readonly key: string;
  readonly payload: P;
  readonly signal: AbortSignal | undefined;
  resolve(answer: R): void;
  reject(error: unknown): void;
}

/** Where a run goes. */
export interface Route {
  send(run: AnyRun): void;
  /** Takes over a run that the server refused with this word; `false`: its callers are to be told. */
  retake(run: AnyRun, word: string, message: string): boolean;
}

/** How many calls are pending, of all runs that share it. */
export interface Gauge {
  pending: number;
}

/** A run of whichever kind, to those that only carry it. */
export interface AnyRun
  extends Pick<
    Run<never, never>,
    "slot" | "deadline" | "hops" | "whole" | "length" | "command" | "settle" | "refused" | "fail"
  > {
  alone(): AnyRun[];
}

/** Calls of one kind that go out as one command. */
export class Run<P, R> {
  readonly kind: Kind<P, R>;
  readonly slot: number;
  /** Calls of one namespace share a run: where one is refused, it is for all of them. */
  readonly prefix: string;
  /** When its callers have waited long enough, by `performance.now()`. */
  readonly deadline: number;
  /** How often it was sent on after a refusal. */
  hops = 0;
  /** Send the script itself: the server did not know its hash. */
  whole = false;
  /** About how many bytes its calls bring along. */
  weight = 0;
  readonly #route: Pick<Route, "retake">;
  readonly #gauge: Gauge;
  /** Where to note that the server has the script. */
  #known: Set<string> | undefined;
  #calls: Call<P, R>[];

  constructor(
    kind: Kind<P, R>,
    slot: number,
    deadline: number,
    route: Pick<Route, "retake">,
    calls: Call<P, R>[] = [],
    prefix = "",
    gauge: Gauge = { pending: calls.length },
  ) {
    this.kind = kind;
    this.slot = slot;
    this.prefix = prefix;
    this.deadline = deadline;
    this.#route = route;
    this.#calls = calls;
    this.#gauge = gauge;
  }

  get length(): number {
    return this.#calls.length;
  }

  add(call: Call<P, R>): void {
    this.#calls.push(call);
    if (this.kind.weight !== undefined) this.weight += this.kind.weight(call.payload);
  }

  /**
   * The command to hand to the socket, without the calls that were aborted until now; `undefined`: none is left.
   *
   * @param known - the scripts that this connection has had a reply to: until then goes the script itself, since a repeat
   * after NOSCRIPT would come after the calls behind it.
   */
  command(known: Set<string>): Argument[] | undefined {
    for (const { signal } of this.#calls) {
      if (!signal?.aborted) continue;
      this.#withdraw();
      break;
    }
    if (this.#calls.length === 0) return undefined;
    const command = this.kind.command(this.#calls);
    const { script } = this.kind;
    if (script !== undefined && command[0] === "EVALSHA" && (this.whole || !known.has(script.sha))) {
      command.splice(0, 2, "EVAL", script.source);
      this.#known = known;
    }
    return command;
  }

  /** The reply has come. `false`: it fits no answer to this command. */
  settle(reply: Reply): boolean {
    if (this.kind.script !== undefined) this.#known?.add(this.kind.script.sha);
    let fits = true;
    const calls = this.#end();
    for (let place = 0; place < calls.length; place++) {
      const call = calls[place] as Call<P, R>;
      let answer: R;
      try {
        answer = this.kind.answer(reply, place, calls);
      } catch (error) {
        if (error === GARBLED) fits = false;
        call.reject(error);
        continue;
      }
      call.resolve(answer);
    }
    return fits;
  }

  /** An error has come in the place of the reply: the server's, or the client library's. */
  refused(error: unknown): void {
    const word = errorWord(error);
    if (word !== undefined && this.#route.retake(this, word, (error as Error).message)) return;
    this.fail(codedError(error));
  }

  /** Tells every caller. */
  fail(error: unknown): void {
    for (const call of this.#end()) call.reject(error);
  }

  /** The same calls, each in a run of its own. */
  alone(): Run<P, R>[] {
    return this.#calls.map((call) => {
      const run = new Run(this.kind, this.slot, this.deadline, this.#route, [call], this.prefix, this.#gauge);
      run.hops = this.hops;
      return run;
    });
  }

  /** The calls, which are pending no longer. */
  #end(): readonly Call<P, R>[] {
    const calls = this.#calls;
    this.#calls = [];
    this.#gauge.pending -= calls.length;
    return calls;
  }

  #withdraw(): void {
    const calls = this.#calls;
    this.#calls = calls.filter(({ signal }) => !signal?.aborted);
    this.#gauge.pending -= calls.length - this.#calls.length;
    for (const { signal, reject } of calls) if (signal?.aborted) reject(signal.reason);
  }
}
